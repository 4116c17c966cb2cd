/** One JSON value a line (https://github.com/ndjson/ndjson-spec). */
export function toNdjson(values: Iterable<unknown>): string {
  return [...values].map((value) => `${JSON.stringify(value)}\n`).join('');
}
