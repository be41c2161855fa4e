/*
 * The first code of a packed program. It gives the program the C library that lies in its own
 * file: the libraries become nameless files in memory, the program's dynamic section is made to
 * name those, and the C library's loader is mapped and entered as the kernel would have done.
 * When the loader is done it enters here again, all traces are removed, and the program begins.
 *
 * Where the file holds a script, that becomes a nameless file too, which stays open, and the
 * program gets words that make it run this one.
 *
 * The program stays the process's executable (/proc/self/exe), nothing is written to a disk, no
 * memory is writable and executable at once.
 */
#include "stack.h"

enum { NAME_SIZE = 32, MOST_LIBRARIES = 16 };
/* What the packer puts in PT_INTERP's place, so that the kernel looks for no loader. */
#define PT_HIDDEN_INTERP 0x6c627835U

struct library {
  char name[NAME_SIZE];
  word address, size;
};

/* Behind the code, by the packer. Addresses are those of the file's program headers. */
extern const struct {
  char mark[8];
  word self, entry, scratch, count;
  word hidden, variables, words; /* lists: see struct change; words at 0 are none */
  word script, script_size;
  struct library library[MOST_LIBRARIES]; /* the loader is the first */
} packed __attribute__((visibility("hidden")));

/* A writable page of zeros in the file: near enough for the 32 bits of a version_need's offset. */
struct scratch {
  char path[MOST_LIBRARIES][NAME_SIZE];
  int file[MOST_LIBRARIES];
  char script[NAME_SIZE];
};

struct process {
  word base, page;
  char **environment;
  struct aux *aux;
  struct program_header *headers;
  word header_count;
  struct dynamic *dynamic;
  struct scratch *scratch;
};

extern const char start[] __attribute__((visibility("hidden")));
extern const char finished[] __attribute__((visibility("hidden")));

static void __attribute__((noreturn)) fail(const char *what) {
  const char before[] = "Cannot start: ";
  CALL(write, 2, before, sizeof before - 1);
  CALL(write, 2, what, length(what));
  CALL(write, 2, "\n", 1);
  for (;;) CALL(exit_group, 127);
}

static struct aux *auxiliary(struct aux *aux, word type) {
  for (; aux->type != type; aux++)
    if (aux->type == AT_NULL) fail("the kernel did not tell enough");
  return aux;
}

static word dynamic_value(struct dynamic *d, word tag) {
  for (; d->tag != DT_NULL; d++)
    if (d->tag == tag) return d->value;
  return 0;
}

/* Reads the stack as the kernel lays it out for a new program. */
static struct process process_of(word *stack) {
  struct process p;
  p.base = (word)start - packed.self;
  p.environment = (char **)(stack + 1 + stack[0] + 1);
  char **end = p.environment;
  while (*end) end++;
  p.aux = (struct aux *)(end + 1);
  p.page = auxiliary(p.aux, AT_PAGESZ)->value;
  p.headers = (struct program_header *)auxiliary(p.aux, AT_PHDR)->value;
  p.header_count = auxiliary(p.aux, AT_PHNUM)->value;
  p.scratch = (struct scratch *)(p.base + packed.scratch);
  p.dynamic = 0;
  for (word i = 0; i < p.header_count; i++)
    if (p.headers[i].type == PT_DYNAMIC)
      p.dynamic = (struct dynamic *)(p.base + p.headers[i].vaddr);
  if (!p.dynamic) fail("the program has no dynamic section");
  return p;
}

static word protection_of(half flags) {
  return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
         (flags & PF_X ? PROT_EXEC : 0);
}

/* Makes the page of an address writable, or gives it back what its segment asks for. */
static void protect(const struct process *p, const void *place, int writable) {
  word at = (word)place - p->base;
  for (word i = 0; i < p->header_count; i++) {
    struct program_header *h = &p->headers[i];
    if (h->type != PT_LOAD || at < h->vaddr || at - h->vaddr >= h->memsz) continue;
    if (h->flags & PF_W) return;
    /* One page, as the tables are aligned to the size of their fields. */
    word protection = writable ? PROT_READ | PROT_WRITE : protection_of(h->flags);
    if (CALL(mprotect, (word)place & -p->page, p->page, protection)) fail("a page cannot be changed");
    return;
  }
  fail("an address lies outside of the program");
}

static void set_half(const struct process *p, half *place, half value) {
  protect(p, place, 1);
  *place = value;
  protect(p, place, 0);
}

static void set_word(const struct process *p, word *place, word value) {
  protect(p, place, 1);
  *place = value;
  protect(p, place, 0);
}

/* The variables are meant for the distribution's loader: its libraries must not come in here. */
static void rename_variables(const struct process *p, char from, char to) {
  /* In a setuid program the loader has to see them, to take them out. */
  if (auxiliary(p->aux, AT_SECURE)->value) return;
  for (char **v = p->environment; *v; v++)
    if ((*v)[0] == from && (*v)[1] == 'D' && (*v)[2] == '_') (*v)[0] = to;
}

static void show_interpreter(const struct process *p) {
  for (word i = 0; i < p->header_count; i++)
    if (p->headers[i].type == PT_HIDDEN_INTERP) set_half(p, &p->headers[i].type, PT_INTERP);
}

static int write_all(int file, const char *bytes, word size) {
  while (size > 0) {
    long n = CALL(write, file, bytes, size);
    if (n == -EINTR) continue;
    if (n <= 0) return 0;
    bytes += n;
    size -= n;
  }
  return 1;
}

/* Whether code of this file may be mapped: a file system may be mounted noexec. */
static int may_run(int file, word page) {
  long at = CALL(mmap, 0, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  if (at < 0 && at > -4096) return 0;
  CALL(munmap, at, page);
  return 1;
}

/* Fills a new file that has no name; closes it and returns 0 where it is of no use. */
static int fill(const struct process *p, int file, word address, word size, int is_code) {
  if (file < 0) return 0;
  if (write_all(file, (const char *)(p->base + address), size) &&
      (!is_code || may_run(file, p->page)))
    return 1;
  CALL(close, file);
  return 0;
}

/* A file without a name that holds a part of this one: in memory, else in a temporary folder. */
static int file_of(const struct process *p, const char *name, word address, word size,
                   int is_code) {
  /* A kernel set to vm.memfd_noexec=2 wants the seal, one before 6.3 does not know it. */
  int file = CALL(memfd_create, name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (file == -EINVAL) file = CALL(memfd_create, name, MFD_CLOEXEC);
  if (fill(p, file, address, size, is_code)) return file;
  const char folders[] = "/dev/shm\0/tmp\0/var/tmp\0/run\0";
  for (list folder = folders; *folder; folder = next(folder)) {
    file = CALL(openat, AT_FDCWD, folder,
                O_TMPFILE_BIT | O_DIRECTORY | O_RDWR | O_EXCL | O_CLOEXEC, 0700);
    if (fill(p, file, address, size, is_code)) return file;
  }
  fail("there is no room for its parts: neither memfd_create nor a folder such as /tmp works");
}

static void name_file(char *path, int file) {
  const char folder[] = "/proc/self/fd/";
  char digits[12];
  int n = 0;
  do digits[n++] = '0' + file % 10;
  while (file /= 10);
  for (word i = 0; i < sizeof folder - 1; i++) *path++ = folder[i];
  while (n > 0) *path++ = digits[--n];
  *path = 0;
}

/* Makes the program ask for a path where it asks for a library by name. */
static void redirect(const struct process *p, const char *name, const char *path) {
  word strings = p->base + dynamic_value(p->dynamic, DT_STRTAB);
  word offset = (word)path - strings;
  for (struct dynamic *d = p->dynamic; d->tag != DT_NULL; d++)
    if (d->tag == DT_NEEDED && same((char *)strings + d->value, name))
      set_word(p, &d->value, offset);
  word at = dynamic_value(p->dynamic, DT_VERNEED);
  if (!at) return;
  struct version_need *need = (struct version_need *)(p->base + at);
  for (;; need = (struct version_need *)((char *)need + need->next)) {
    if (same((char *)strings + need->file, name)) set_half(p, &need->file, offset);
    if (!need->next) return;
  }
}

/* Maps the loader as the kernel does (fs/binfmt_elf.c). Returns the address it lies at. */
static word map_loader(const struct process *p, const struct elf_header *elf, int file) {
  const struct program_header *first = (void *)((char *)elf + elf->phoff);
  const struct program_header *end = first + elf->phnum;
  word size = 0;
  for (const struct program_header *h = first; h < end; h++)
    if (h->type == PT_LOAD) size = h->vaddr + h->memsz;
  long base = CALL(mmap, 0, size, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base < 0 && base > -4096) fail("there is no room for the C library's loader");
  for (const struct program_header *h = first; h < end; h++) {
    if (h->type != PT_LOAD) continue;
    word from = (base + h->vaddr) & -p->page, skip = h->vaddr & (p->page - 1);
    word protection = protection_of(h->flags);
    long at = CALL(mmap, from, h->filesz + skip, protection, MAP_PRIVATE | MAP_FIXED, file,
                   h->offset - skip);
    if (at < 0 && at > -4096) fail("the C library's loader cannot be mapped");
    word zeros = base + h->vaddr + h->filesz, last = base + h->vaddr + h->memsz;
    if (zeros == last) continue;
    word edge = (zeros + p->page - 1) & -p->page;
    /* To the page's end, as the kernel does: the loader takes its first memory behind its own. */
    for (word i = zeros; i < edge; i++) *(volatile char *)i = 0;
    if (edge >= last) continue;
    at = CALL(mmap, edge, last - edge, protection, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -4096) fail("the C library's loader cannot be mapped");
  }
  return base;
}

static list list_at(word address) {
  return address ? (list)((word)start - packed.self + address) : 0;
}

/* The script's file stays open. A number below 3 would be a standard file that the user closed. */
static void place_script(const struct process *p) {
  int file = file_of(p, "script", packed.script, packed.script_size, 0);
  if (file < 3) {
    int other = CALL(fcntl, file, F_DUPFD_CLOEXEC, 3);
    CALL(close, file);
    if (other < 0) fail("there are too few descriptors");
    file = other;
  }
  name_file(p->scratch->script, file);
}

/* Returns how many bytes prepare needs for the new stack. */
__attribute__((used, visibility("hidden"))) word room(const word *stack) {
  return stack_size(stack, count_of(list_at(packed.words)) + 1 +
                               count_of(list_at(packed.variables)));
}

/* Returns where the C library's loader begins; that gets the new stack. */
__attribute__((used, visibility("hidden"))) word prepare(const word *old, word *stack) {
  char none; /* the runtime would end with words of its own */
  if (CALL(getcwd, &none, 1) == -ENOENT) fail("the current folder was removed: go to another by cd");
  struct scratch *scratch = (struct scratch *)((word)start - packed.self + packed.scratch);
  const struct change change = {list_at(packed.words), scratch->script,
                                list_at(packed.variables), list_at(packed.hidden)};
  copy_stack(old, stack, &change);
  struct process p = process_of(stack);
  rename_variables(&p, 'L', 1);
  show_interpreter(&p);
  if (packed.words) place_script(&p);
  for (word i = 1; i < packed.count; i++) {
    const struct library *library = &packed.library[i];
    int file = scratch->file[i] = file_of(&p, library->name, library->address, library->size, 1);
    name_file(scratch->path[i], file);
    redirect(&p, library->name, scratch->path[i]);
  }
  const struct library *first = &packed.library[0];
  int file = file_of(&p, first->name, first->address, first->size, 1);
  const struct elf_header *loader = (void *)(p.base + first->address);
  word base = map_loader(&p, loader, file);
  CALL(close, file);
  auxiliary(p.aux, AT_BASE)->value = base;
  auxiliary(p.aux, AT_ENTRY)->value = (word)finished;
  return base + loader->entry;
}

/* Returns where the program begins. */
__attribute__((used, visibility("hidden"))) word finish(word *stack) {
  struct process p = process_of(stack);
  rename_variables(&p, 1, 'L');
  struct debug_state *debug = (struct debug_state *)dynamic_value(p.dynamic, DT_DEBUG);
  for (word i = 1; i < packed.count; i++) {
    CALL(close, p.scratch->file[i]);
    /* The number will be another file's: backtraces shall show the library's name. */
    for (struct link_map *map = debug ? debug->map : 0; map; map = map->next)
      if (same(map->name, p.scratch->path[i])) map->name = packed.library[i].name;
  }
  return auxiliary(p.aux, AT_ENTRY)->value = p.base + packed.entry;
}
