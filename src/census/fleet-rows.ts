/** A survey as a table: one row a host, also for those that could not be read. For CSV and Parquet. */

import { cell } from '../engine/report/write-csv.ts';
import type { FleetCensus } from './fleet.ts';
import { type FleetError, type FleetHost, interruptsOf } from './fleet-host.ts';

export interface FleetColumn {
  readonly name: string;
  readonly kind: 'text' | 'whole' | 'number';
  /** null: not known. */
  readonly ofHost: (host: FleetHost) => string | number | null;
  /** What a host without a census has here; null where it is left out. */
  readonly ofError?: (error: FleetError) => string;
}

const hostColumns: readonly FleetColumn[] = [
  { name: 'host', kind: 'text', ofHost: ({ name }) => name },
  { name: 'path', kind: 'text', ofHost: ({ path }) => path, ofError: ({ path }) => path },
  { name: 'kind', kind: 'text', ofHost: ({ kind }) => kind },
  { name: 'kernel', kind: 'text', ofHost: ({ kernel }) => kernel || null },
  { name: 'series', kind: 'text', ofHost: ({ series }) => series || null },
  { name: 'architecture', kind: 'text', ofHost: ({ architecture }) => architecture || null },
  { name: 'cpus', kind: 'whole', ofHost: ({ cpus }) => cpus.online },
  { name: 'cpus_empty', kind: 'whole', ofHost: ({ cpus }) => cpus.empty },
  { name: 'cpus_not_known', kind: 'whole', ofHost: ({ cpus }) => cpus.notKnown },
  { name: 'empty_percent', kind: 'number', ofHost: ({ emptyPercent }) => emptyPercent },
  { name: 'isolated_cpus', kind: 'whole', ofHost: ({ isolated }) => isolated.online },
  { name: 'isolated_empty', kind: 'whole', ofHost: ({ isolated }) => isolated.empty },
  { name: 'housekeeping_cpus', kind: 'whole', ofHost: ({ housekeeping }) => housekeeping.online },
  { name: 'housekeeping_empty', kind: 'whole', ofHost: ({ housekeeping }) => housekeeping.empty },
  { name: 'nodes', kind: 'whole', ofHost: ({ nodes }) => nodes },
  { name: 'parked_pages', kind: 'whole', ofHost: ({ parkedPages }) => parkedPages },
  { name: 'parked_bytes', kind: 'whole', ofHost: ({ parkedBytes }) => parkedBytes },
  { name: 'parked_percent_of_memory', kind: 'number', ofHost: ({ percentOfMemory }) => percentOfMemory },
  { name: 'parked_percent_of_low', kind: 'number', ofHost: ({ percentOfLow }) => percentOfLow },
  { name: 'kernel_policy', kind: 'text', ofHost: ({ kernelPolicy }) => kernelPolicy || null },
  { name: 'two_pass_decision', kind: 'text', ofHost: ({ twoPass }) => twoPass },
  { name: 'two_pass_margin_cpus', kind: 'whole', ofHost: ({ twoPassMarginCpus }) => twoPassMarginCpus },
  { name: 'nr_cpus', kind: 'whole', ofHost: ({ nrCpus }) => nrCpus },
  { name: 'mask_bytes', kind: 'whole', ofHost: ({ maskBytes }) => maskBytes },
  { name: 'mask_where', kind: 'text', ofHost: ({ maskWhere }) => maskWhere },
];

const endColumns: readonly FleetColumn[] = [
  { name: 'warnings', kind: 'text', ofHost: ({ warnings }) => warnings.join(' ') || null },
  { name: 'error', kind: 'text', ofHost: () => null, ofError: ({ code }) => code },
  { name: 'error_text', kind: 'text', ofHost: () => null, ofError: ({ message }) => message },
];

/** Interrupts of each policy stand between: who asks decides, so there are two columns each. */
export function fleetColumns({ policies }: FleetCensus): FleetColumn[] {
  const ofPolicies = policies.flatMap(({ name }): FleetColumn[] => {
    const column = name.replaceAll('-', '_');
    return [
      {
        name: `${column}_interrupts_least`,
        kind: 'whole',
        ofHost: (host) => interruptsOf(host, name)?.[0] ?? null,
      },
      {
        name: `${column}_interrupts_most`,
        kind: 'whole',
        ofHost: (host) => interruptsOf(host, name)?.[1] ?? null,
      },
    ];
  });
  return [...hostColumns, ...ofPolicies, ...endColumns];
}

/** Values of a column, hosts first. */
function columnValues(fleet: FleetCensus, column: FleetColumn): Array<string | number | null> {
  return [...fleet.hosts.map(column.ofHost), ...fleet.errors.map((error) => column.ofError?.(error) ?? null)];
}

/** CSV (RFC 4180, line feeds). An empty cell is a figure that is not known. */
export function fleetCsv(fleet: FleetCensus): string {
  const columns = fleetColumns(fleet);
  const values = columns.map((column) => columnValues(fleet, column));
  const rows = Array.from({ length: fleet.hosts.length + fleet.errors.length }, (_, row) =>
    values.map((column) => cell(asText(column[row]))).join(','),
  );
  return `${[columns.map(({ name }) => cell(name)).join(','), ...rows].join('\n')}\n`;
}

/** Names come from foreign files: a spreadsheet must not take one for a formula. No host name begins like this. */
function asText(value: string | number | null): string | number | null {
  return typeof value === 'string' && /^[=+\-@\t]/.test(value) ? `'${value}` : value;
}

/** A Parquet file with the same columns. The writer is loaded when it is wanted. */
export async function fleetParquet(fleet: FleetCensus): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const types = { text: 'STRING', whole: 'INT64', number: 'DOUBLE' } as const;
  const columnData = fleetColumns(fleet).map((column) => {
    const values = columnValues(fleet, column);
    return {
      name: column.name,
      type: types[column.kind],
      nullable: true,
      data: column.kind === 'whole' ? values.map((value) => (value === null ? null : BigInt(value))) : values,
    };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
