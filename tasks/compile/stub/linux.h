/* Names of elf(5), getauxval(3) and the kernel's interface, so that no header file is needed. */

typedef unsigned int half;
typedef unsigned long word;

enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };
enum { DT_NULL = 0, DT_NEEDED = 1, DT_STRTAB = 5, DT_DEBUG = 21 };
#define DT_VERNEED 0x6ffffffeUL
enum {
  AT_NULL = 0, AT_PHDR = 3, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7, AT_ENTRY = 9, AT_SECURE = 23
};

struct elf_header {
  char ident[16];
  unsigned short type, machine;
  half version;
  word entry, phoff, shoff;
  half flags;
  unsigned short ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
  half type, flags;
  word offset, vaddr, paddr, filesz, memsz, align;
};

struct dynamic { word tag, value; };

struct version_need {
  unsigned short version, count;
  half file, aux, next;
};

struct aux { word type, value; };

/* What the loader tells debuggers: <link.h>. */
struct link_map {
  word addr;
  const char *name;
  void *dynamic;
  struct link_map *next;
};
struct debug_state {
  int version;
  struct link_map *map;
};

enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };
enum { MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20 };
enum { MFD_CLOEXEC = 1, MFD_NOEXEC_SEAL = 8, F_DUPFD_CLOEXEC = 1030 };
enum { O_RDWR = 2, O_EXCL = 0200, O_CLOEXEC = 02000000, O_TMPFILE_BIT = 020000000 };
enum { AT_FDCWD = -100, ENOENT = 2, EINTR = 4, EINVAL = 22 };

#if defined(__x86_64__)

enum {
  SYS_write = 1, SYS_close = 3, SYS_mmap = 9, SYS_mprotect = 10, SYS_munmap = 11,
  SYS_fcntl = 72, SYS_getcwd = 79, SYS_exit_group = 231, SYS_openat = 257, SYS_memfd_create = 319
};
enum { O_DIRECTORY = 0200000 };

static long system_call(long number, word a, word b, word c, word d, word e, word f) {
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  register word r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

enum {
  SYS_write = 64, SYS_close = 57, SYS_mmap = 222, SYS_mprotect = 226, SYS_munmap = 215,
  SYS_fcntl = 25, SYS_getcwd = 17, SYS_exit_group = 94, SYS_openat = 56, SYS_memfd_create = 279
};
enum { O_DIRECTORY = 040000 };

static long system_call(long number, word a, word b, word c, word d, word e, word f) {
  register long x8 __asm__("x8") = number;
  register word x0 __asm__("x0") = a;
  register word x1 __asm__("x1") = b;
  register word x2 __asm__("x2") = c;
  register word x3 __asm__("x3") = d;
  register word x4 __asm__("x4") = e;
  register word x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return (long)x0;
}

#else
#error "no system calls are known for this machine"
#endif

#define CALL(name, ...) CALL_(name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(name, a, b, c, d, e, f, ...) \
  system_call(SYS_##name, (word)(a), (word)(b), (word)(c), (word)(d), (word)(e), (word)(f))
