/*
 * Where the kernel enters, and where the C library's loader enters when it is done. The stack
 * pointer is handed on as it came: the argument count lies there. Both loaders keep a function to
 * call at exit in a register (rdx, x0) for the program's own entry point.
 */
  .section .start, "ax"
  .globl start, finished
  .hidden start, finished

#if defined(__x86_64__)
start:
  xor %ebp, %ebp
  mov %rsp, %rdi
  call prepare
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
  mov x0, sp
  bl prepare
  mov x16, x0
  mov x0, #0
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
