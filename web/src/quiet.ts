/** When the page may do what the reader does not wait for, such as moving the table behind an open sample. */

let reading: Promise<unknown> = Promise.resolve();

/** The reader waits for this. */
export function waitFor(read: Promise<unknown>): void {
  reading = read.catch(() => undefined);
}

/** Calls `act` once what the reader waits for has been drawn; not at all after the returned function was called. */
export function whenQuiet(act: () => void): () => void {
  let isWanted = true;
  let cancelNext: () => void = () => undefined;
  const awaited = reading;
  void awaited.then(() =>
    afterDrawing(() => {
      if (!isWanted) return;
      if (awaited === reading) act();
      else cancelNext = whenQuiet(act); // the reader went on meanwhile
    }),
  );
  return () => {
    isWanted = false;
    cancelNext();
  };
}

const HIDDEN_MS = 200; // a page that is not shown has no frames

function afterDrawing(act: () => void): void {
  let isDone = false;
  const once = () => {
    if (!isDone) act();
    isDone = true;
  };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, HIDDEN_MS);
}
