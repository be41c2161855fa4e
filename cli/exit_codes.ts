/** What the program ends with, and when. */
export const EXIT_CODES = [
  [0, "done"],
  [1, "failed"],
  [2, "the command line is wrong"],
  [3, "some hosts failed"],
  [130, "interrupted"],
] as const;
