/**
 * Does work for items while the results of earlier ones are still being used: at most `ahead` are under way or wait.
 * Results come in the order of the items, whichever is ready first.
 * @throws what the work for the item whose turn it is throws
 */
export async function* mapAhead<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<Result>,
  ahead: number,
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = [];
  for (const item of items) {
    const result = work(item);
    result.catch(() => undefined); // it is thrown when its turn comes
    waiting.push(result);
    if (waiting.length >= ahead) yield await waiting.shift()!;
  }
  for (const result of waiting) yield await result;
}
