/**
 * The cheapest way to give each row a column of its own (the Hungarian method in the form of Kuhn and Munkres with
 * potentials, O(rows² columns)).
 * @param costs one array for each row, all of one length, at least as many columns as rows; finite numbers.
 * @returns the column of each row.
 */
export function assignRows(costs: readonly (readonly number[])[]): number[] {
  const rows = costs.length;
  const columns = costs[0]?.length ?? 0;
  const search: Search = {
    costs,
    rowPotential: new Float64Array(rows + 1),
    columnPotential: new Float64Array(columns + 1),
    rowOf: new Int32Array(columns + 1).fill(NONE),
  };
  for (let row = 0; row < rows; row++) addRow(search, row, columns);
  const assigned = new Array<number>(rows).fill(NONE);
  for (let column = 0; column < columns; column++) {
    const row = search.rowOf[column]!;
    if (row !== NONE) assigned[row] = column;
  }
  return assigned;
}

const NONE = -1;

/** The assignment so far. A column beyond the last one stands for the start of the search. */
interface Search {
  costs: readonly (readonly number[])[];
  rowPotential: Float64Array;
  columnPotential: Float64Array;
  /** Which row has a column. */
  rowOf: Int32Array;
}

/** Finds the cheapest chain of exchanges that frees a column for one more row (Dijkstra's search), and makes them. */
function addRow(search: Search, row: number, columns: number): void {
  const { costs, rowPotential, columnPotential, rowOf } = search;
  const distance = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  const before = new Int32Array(columns).fill(columns);
  const reached = new Uint8Array(columns + 1);
  let column = columns;
  rowOf[column] = row;
  while (rowOf[column] !== NONE) {
    reached[column] = 1;
    const current = rowOf[column]!;
    let nearest = NONE;
    for (let to = 0; to < columns; to++) {
      if (reached[to]) continue;
      const step = costs[current]![to]! - rowPotential[current]! - columnPotential[to]!;
      if (step < distance[to]!) {
        distance[to] = step;
        before[to] = column;
      }
      if (nearest === NONE || distance[to]! < distance[nearest]!) nearest = to;
    }
    const shift = distance[nearest]!;
    for (let to = 0; to <= columns; to++) {
      if (reached[to]) {
        rowPotential[rowOf[to]!]! += shift;
        columnPotential[to]! -= shift;
      } else if (to < columns) distance[to]! -= shift;
    }
    column = nearest;
  }
  while (column !== columns) {
    rowOf[column] = rowOf[before[column]!]!;
    column = before[column]!;
  }
  rowOf[columns] = NONE;
}
