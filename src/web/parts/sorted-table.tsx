/** A table whose columns sort it; the order is in the address. */

import type { ComponentChildren } from 'preact';
import { choose, chosen } from '../address.ts';

export interface SortedColumn<Row> {
  readonly name: string;
  readonly head: ComponentChildren;
  readonly cell: (row: Row) => ComponentChildren;
  /** Rows are ordered by it, largest first; text ascending. */
  readonly by: (row: Row) => number | string;
}

interface SortedTableProps<Row> {
  readonly label: string;
  /** Key in the address for the order. */
  readonly orderKey: string;
  /** The first is the head of each row. */
  readonly columns: ReadonlyArray<SortedColumn<Row>>;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly selected?: (row: Row) => boolean;
}

export function SortedTable<Row>({ label, orderKey, columns, rows, keyOf, selected }: SortedTableProps<Row>) {
  const order = chosen(orderKey);
  const reversed = order.startsWith('-');
  const column = columns.find(({ name }) => name === order.replace(/^-/, ''));
  const sorted = column === undefined ? rows : inOrder(rows, column, reversed);
  return (
    <div class="scrolled">
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ name, head }) => (
              <th
                key={name}
                scope="col"
                aria-sort={column?.name === name ? (reversed ? 'ascending' : 'descending') : undefined}
              >
                {head}
                <button
                  type="button"
                  class="sort"
                  aria-label={`order by ${name}`}
                  onClick={() =>
                    choose({ [orderKey]: column?.name === name && !reversed ? `-${name}` : name })
                  }
                >
                  {column?.name !== name ? '↕' : reversed ? '↑' : '↓'}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={keyOf(row)} class={selected?.(row) ? 'selected' : undefined}>
              {columns.map(({ name, cell }, i) =>
                i === 0 ? (
                  <th key={name} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={name}>{cell(row)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inOrder<Row>(rows: readonly Row[], { by }: SortedColumn<Row>, reversed: boolean): Row[] {
  const sign = reversed ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (typeof x === 'number' && typeof y === 'number') return sign * (y - x);
    return sign * (String(x) < String(y) ? -1 : String(x) > String(y) ? 1 : 0);
  });
}
