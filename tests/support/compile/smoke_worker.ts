/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
self.onmessage = ({ data }: MessageEvent<number | "using">) =>
  self.postMessage(data === "using" ? usedOnce() : data * 2);

function usedOnce(): string[] {
  const said: string[] = [];
  const use = () => {
    using held = {
      say: (word: string) => said.push(word),
      [Symbol.dispose]: () => void said.push("closed"),
    };
    return held.say("used");
  };
  use();
  return said;
}
