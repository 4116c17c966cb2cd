/** What the app remembers of a person's choices: a part of `Storage`. */
export type Memory = Pick<Storage, 'getItem' | 'setItem'>;

/** The browser's own, or, where the browser refuses to remember, one that lasts as long as the page. */
export function openMemory(): Memory {
  try {
    localStorage.getItem('theme');
    return localStorage;
  } catch {
    const values = new Map<string, string>();
    return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
  }
}
