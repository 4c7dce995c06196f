/** The machine as a picture that follows time, with what is under the pointer and what is chosen. */

import { type ReadonlySignal, type Signal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { count, plural } from '../../engine/report/numbers.ts';
import { Mark } from '../../thread/messages.ts';
import { choose } from '../address.ts';
import type { OpenRecording } from '../state.ts';
import { isDark } from '../theme.ts';
import { amountColours, amountSteps } from './colours.ts';
import { drawMachine, drawnSide, machineColours, marksFor } from './machine-canvas.ts';
import { writeCells } from './machine-cell-text.ts';
import { cpuAt, labelHeight, type MachineGroup, type MachinePlan, machinePlan } from './machine-plan.ts';
import type { MomentShown } from './moments.ts';
import { useWidth } from './use-width.ts';

interface PictureProps {
  readonly recording: OpenRecording;
  readonly moment: ReadonlySignal<MomentShown | null>;
  readonly most: ReadonlySignal<number>;
  /** Told here, since it follows the width. */
  readonly plan: Signal<MachinePlan | null>;
  readonly cpu: number;
}

export function MachinePicture({ recording, moment, most, plan, cpu }: PictureProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame).value;
  const { machine } = recording.opened;
  const shown = useMemo(() => {
    if (width < 1) return null;
    return machinePlan(machine, width, Math.max(240, Math.min(innerHeight - 380, 900)));
  }, [machine, width]);
  useEffect(() => {
    plan.value = shown;
  }, [plan, shown]);
  const under = useSignal(-1);
  const at = (event: MouseEvent & { currentTarget: HTMLElement }) => {
    if (shown === null) return -1;
    const box = event.currentTarget.getBoundingClientRect();
    return cpuAt(shown, event.clientX - box.left, event.clientY - box.top);
  };
  return (
    <div
      ref={frame}
      class="machine-picture"
      onPointerMove={(event) => {
        under.value = at(event);
      }}
      onPointerLeave={() => {
        under.value = -1;
      }}
      onPointerUp={(event) => {
        const chosen = at(event);
        if (chosen >= 0) choose({ cpu: chosen === cpu ? '' : chosen });
      }}
    >
      {shown !== null && (
        <>
          <Cells plan={shown} moment={moment} most={most} cpus={machine.cpuCount} />
          {shown.groups.map((group) => (
            <GroupLabel key={`${group.node} ${group.isIsolated}`} group={group} />
          ))}
          {cpu >= 0 && shown.left[cpu] >= 0 && <Frame plan={shown} cpu={cpu} kind="chosen" />}
          <Under under={under} plan={shown} moment={moment} />
        </>
      )}
    </div>
  );
}

function GroupLabel({ group: { node, isIsolated, cpus, left, top, width } }: { group: MachineGroup }) {
  const parts = [plural(cpus.length, 'CPU')];
  if (node >= 0) parts.unshift(`node ${node}`);
  parts.push(isIsolated ? 'isolated' : 'not isolated');
  return (
    <span
      class={isIsolated ? 'group isolated' : 'group'}
      style={{ left: `${left}px`, top: `${top}px`, height: `${labelHeight}px`, maxWidth: `${width}px` }}
    >
      {parts.join(' · ')}
    </span>
  );
}

function Frame({ plan, cpu, kind }: { plan: MachinePlan; cpu: number; kind: 'chosen' | 'hovered' }) {
  const side = drawnSide(plan.cell) + 4;
  return (
    <span
      class={`cell-frame ${kind}`}
      style={{
        left: `${plan.left[cpu] - 2}px`,
        top: `${plan.top[cpu] - 2}px`,
        width: `${side}px`,
        height: `${side}px`,
      }}
    />
  );
}

const markWords: Readonly<Record<number, string>> = {
  [Mark.useful]: 'disturbed',
  [Mark.useless]: 'disturbed for nothing',
  [Mark.requester]: 'asked for the drain',
};

/** The CPU under the pointer, beside it. */
function Under({
  under,
  plan,
  moment,
}: {
  under: ReadonlySignal<number>;
  plan: MachinePlan;
  moment: ReadonlySignal<MomentShown | null>;
}) {
  const cpu = under.value;
  const now = moment.value;
  if (cpu < 0 || now === null) return null;
  const mark = markWords[now.marks[cpu]];
  const isRight = plan.left[cpu] > plan.width / 2;
  const x = isRight ? plan.width - plan.left[cpu] + 6 : plan.left[cpu] + plan.cell + 6;
  return (
    <>
      <Frame plan={plan} cpu={cpu} kind="hovered" />
      <span
        class="under"
        style={{ [isRight ? 'right' : 'left']: `${x}px`, top: `${plan.top[cpu] + plan.cell + 4}px` }}
      >
        CPU {cpu} · {plural(Math.max(0, now.pages[cpu]), 'page')}
        {mark === undefined ? '' : ` · ${mark}`}
      </span>
    </>
  );
}

interface CellsProps {
  readonly plan: MachinePlan;
  readonly moment: ReadonlySignal<MomentShown | null>;
  readonly most: ReadonlySignal<number>;
  readonly cpus: number;
}

/** Drawn anew when a moment comes, without the framework. */
function Cells({ plan, moment, most, cpus }: CellsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const planned = useSignal(plan);
  planned.value = plan;
  const image = useMemo(() => new ImageData(plan.width, plan.height), [plan]);
  const marks = useMemo(() => marksFor(drawnSide(plan.cell)), [plan]);
  useSignalEffect(() => {
    const now = moment.value;
    const context = canvas.current?.getContext('2d');
    const steps = stepsUpTo(Math.max(1, most.value));
    const dark = isDark();
    if (planned.value !== plan || now === null || !context) return;
    const colours = coloursOf(dark);
    const pixels = new Uint32Array(image.data.buffer);
    drawMachine(pixels, plan, now.pages, now.marks, marks, steps, colours);
    context.putImageData(image, 0, 0);
    writeCells(context, plan, now.pages, pixels);
  });
  return (
    <canvas
      ref={canvas}
      width={plan.width}
      height={plan.height}
      role="img"
      aria-label={`Pages on the lists of ${count(cpus)} CPUs, a cell each, by node and by isolated or not; the sentence above says how many hold pages, and the arrow keys choose a CPU`}
    />
  );
}

let steps: Uint8Array = new Uint8Array(0);
function stepsUpTo(most: number): Uint8Array {
  if (steps.length !== Math.min(most, 1 << 20) + 1) steps = amountSteps(most);
  return steps;
}

const byTheme = [false, true].map((dark) => machineColours(dark, amountColours(dark)));
function coloursOf(dark: boolean) {
  return byTheme[Number(dark)];
}
