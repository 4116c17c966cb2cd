/** Hands the person a file. */
export function downloadFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads the file after this function has ended.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export function downloadText(text: string, name: string, type: string): void {
  downloadFile(new Blob([text], { type: `${type};charset=utf-8` }), name);
}

/** A name for a file that belongs to another: `holiday.mp4` and `csv` give `holiday.csv`. */
export function fileNameFor(source: string, extension: string): string {
  const bare = source.replace(/\.[^.]*$/, '').replace(/[^\p{L}\p{N} ._-]+/gu, '_');
  return `${bare || 'mememoji'}.${extension}`;
}
