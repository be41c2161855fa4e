/*
 * Where the kernel enters, and where the C library's loader enters when it is done. The argument
 * count lies where the stack pointer shows. The loader gets a copy of what the kernel put there,
 * below it. Both loaders keep a function to call at exit in a register (rdx, x0) for the program's
 * own entry point.
 */
  .section .start, "ax"
  .globl start, finished
  .hidden start, finished

#if defined(__x86_64__)
start:
  xor %ebp, %ebp
  mov %rsp, %rbx
  mov %rsp, %rdi
  call room
  sub %rax, %rsp
  mov %rbx, %rdi
  mov %rsp, %rsi
  call prepare
  xor %ebx, %ebx
  xor %edx, %edx
  jmp *%rax
finished:
  mov %rsp, %rdi
  push %rdx
  push %rdx
  call finish
  pop %rdx
  pop %rdx
  jmp *%rax
#else
/* hint 38 is "bti jc": denort may be marked for branch protection, and this is reached by a jump. */
start:
  hint #38
  mov x29, #0
  mov x30, #0
  mov x19, sp
  mov x0, sp
  bl room
  sub sp, sp, x0
  mov x0, x19
  mov x1, sp
  bl prepare
  mov x16, x0
  mov x0, #0
  mov x19, #0
  mov x30, #0
  br x16
finished:
  hint #38
  mov x19, x0
  mov x0, sp
  bl finish
  mov x16, x0
  mov x0, x19
  mov x30, #0
  br x16
#endif
  .section .note.GNU-stack, "", %progbits
