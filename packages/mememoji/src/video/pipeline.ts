/**
 * Does work on the items of a source while the next ones are read, and gives the results in the order of the items. If
 * the source or the work fails, the results before it come first.
 * @param depth items that are worked on at once.
 */
export async function* mapInOrder<Item, Result>(
  source: AsyncIterable<Item>,
  depth: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = [];
  const items = source[Symbol.asyncIterator]();
  let failure: { error: unknown } | undefined;
  try {
    while (failure === undefined) {
      const item = await items.next().catch((error: unknown) => {
        failure = { error };
        return undefined;
      });
      if (item === undefined || item.done) break;
      const result = work(item.value);
      // Who asks for it sees its failure; until then it must not end the process.
      result.catch(() => undefined);
      running.push(result);
      if (running.length === depth) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    await Promise.allSettled(running);
    await items.return?.();
  }
  if (failure !== undefined) throw failure.error;
}
