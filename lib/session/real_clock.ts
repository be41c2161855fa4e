import type { Clock } from "./steps/handler.ts";

export const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  pause: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", end);
        resolve();
      }, milliseconds);
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    }),
};
