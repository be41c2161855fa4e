/* The stack of a new program, as the kernel lays it out: a count, words, variables, and a vector. */
#include "linux.h"

/* Texts that end with an empty one; none at address 0. */
typedef const char *list;

static word length(const char *text) {
  word n = 0;
  while (text[n]) n++;
  return n;
}

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static list next(list at) { return at + length(at) + 1; }

static word count_of(list at) {
  word n = 0;
  for (; at && *at; at = next(at)) n++;
  return n;
}

/* Whether a text begins with another, up to a character of that. */
static int begins(const char *text, const char *with, char end) {
  while (*with && *with != end && *text == *with) text++, with++;
  return !*with || (*with == end && *text == end);
}

/* What stands before the user's words and variables, and which of those go. */
struct change {
  list words;         /* the first is the program's name */
  const char *script; /* stands behind the words */
  list variables;
  list hidden; /* beginnings of variables that the program does not get */
};

/* Bytes for a copy of the stack that has so many entries more; keeps the stack's alignment. */
static word stack_size(const word *stack, word more) {
  const word *at = stack + 1;
  while (*at++) continue; /* words */
  while (*at++) continue; /* variables */
  while (*at) at += 2;
  return ((at + 2 - stack + more) * sizeof(word) + 15) & -16UL;
}

static int is_hidden(const char *variable, list hidden) {
  for (; hidden && *hidden; hidden = next(hidden))
    if (begins(variable, hidden, 0)) return 1;
  return 0;
}

/* The user's own value of a variable that is replaced: the program may find it under this name. */
static void set_aside(char *variable, list variables) {
  for (; variables && *variables; variables = next(variables))
    if (begins(variable, variables, '=')) *variable = 1;
}

static void copy_stack(const word *from, word *to, const struct change *change) {
  word *count = to++;
  from++;
  if (change->words) {
    for (list w = change->words; *w; w = next(w)) *to++ = (word)w;
    *to++ = (word)change->script;
    if (*from) from++;
  }
  while (*from) *to++ = *from++;
  *count = to - count - 1;
  *to++ = *from++;
  for (; *from; from++) {
    if (is_hidden((char *)*from, change->hidden)) continue;
    set_aside((char *)*from, change->variables);
    *to++ = *from;
  }
  for (list v = change->variables; v && *v; v = next(v)) *to++ = (word)v;
  *to++ = *from++;
  while (*from) *to++ = *from++, *to++ = *from++;
  *to++ = *from++, *to = *from;
}
