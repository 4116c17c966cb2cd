/** A field of a table; null is unknown or not applicable. */
export type Cell = string | number | null;

/** Rows of equal length, the first of which is the head. */
export type Table = readonly (readonly Cell[])[];

/** CSV (RFC 4180) with all digits; null is an empty field. */
export function toCsv(table: Table): string {
  return table.map((row) => `${row.map(field).join(',')}\n`).join('');
}

function field(cell: Cell): string {
  const text = String(cell ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A cell for people: whole numbers with separators, others with four digits after the point. */
export function formatCell(cell: Cell): string {
  if (typeof cell !== 'number') return cell ?? '–';
  return Number.isInteger(cell) ? cell.toLocaleString('en') : cell.toFixed(4);
}
