/** The frame of the page: opening, tabs, progress, failures, help. */

import { type Signal, useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { choose, chosen } from './address.ts';
import { filesOfDrop, filesOfInput } from './dropped-files.ts';
import { keyBindings, useKeys } from './keyboard.ts';
import { Notes } from './parts/notes.tsx';
import { OfferedList, OfferedMenu } from './parts/offered-list.tsx';
import { Preview } from './parts/preview.tsx';
import { closeRecording, current, fail, failure, putFailureAway, recordings, work } from './state.ts';
import { theme, themes } from './theme.ts';
import { type View, views } from './views/view-list.ts';
import { openAny } from './workspace.ts';

function shownView(): View {
  return views.find(({ name }) => name === chosen('view')) ?? views[0];
}

export function Shell() {
  const helpShown = useSignal(false);
  const isOver = useSignal(false);
  useKeys(
    [
      ...views.map((view, i) => ({
        key: String(i + 1),
        what: `show ${view.title}`,
        run: () => choose({ view: view.name }),
      })),
      {
        key: '?',
        what: 'show or hide this list of keys',
        run: () => {
          helpShown.value = !helpShown.value;
        },
      },
      {
        key: 'Escape',
        what: 'put away what is in front',
        run: () => {
          helpShown.value = false;
          putFailureAway();
        },
      },
    ],
    [],
  );
  useDropTarget(isOver);
  return (
    <div class={`shell${isOver.value ? ' drop-target' : ''}`}>
      <Top
        onHelp={() => {
          helpShown.value = !helpShown.value;
        }}
      />
      <Working />
      <Failed />
      <main>
        {shownView().needsRecording && current.value === null ? <Welcome /> : <Shown view={shownView()} />}
      </main>
      {helpShown.value && <Keys />}
    </div>
  );
}

/** A recording may be dropped anywhere on the page. */
function useDropTarget(isOver: Signal<boolean>): void {
  useEffect(() => {
    const over = (event: DragEvent) => {
      event.preventDefault();
      isOver.value = true;
    };
    const left = () => {
      isOver.value = false;
    };
    const dropped = (event: DragEvent) => {
      event.preventDefault();
      isOver.value = false;
      if (event.dataTransfer !== null) void filesOfDrop(event.dataTransfer).then(openAny, fail);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', left);
    addEventListener('drop', dropped);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', left);
      removeEventListener('drop', dropped);
    };
  }, [isOver]);
}

function Top({ onHelp }: { onHelp: () => void }) {
  return (
    <header class="top">
      <a class="name" href="#view=verdict">
        drainlab
      </a>
      <nav aria-label="Views">
        {views.map(({ name, title, answers }) => (
          <a
            key={name}
            href={`#view=${name}`}
            title={answers}
            aria-current={shownView().name === name ? 'page' : undefined}
            onClick={(event) => {
              event.preventDefault();
              choose({ view: name });
            }}
          >
            {title}
          </a>
        ))}
      </nav>
      <Recordings />
      <OfferedMenu />
      <OpenButton />
      <Notes />
      <label class="theme">
        <span class="hidden">Colours</span>
        <select
          value={theme.value}
          onChange={({ currentTarget }) => {
            theme.value = themes[currentTarget.selectedIndex];
          }}
        >
          {themes.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <button type="button" aria-label="Keys" title="Keys (?)" onClick={onHelp}>
        ?
      </button>
    </header>
  );
}

function Recordings() {
  if (recordings.value.length === 0) return null;
  return (
    <span class="recordings">
      <label>
        <span class="hidden">Recording</span>
        <select
          value={current.value?.opened.name}
          onChange={({ currentTarget }) => choose({ recording: currentTarget.value })}
        >
          {recordings.value.map(({ opened: { name } }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <button
        type="button"
        title="Close this recording"
        aria-label="Close this recording"
        onClick={() => current.value && closeRecording(current.value)}
      >
        ×
      </button>
    </span>
  );
}

function OpenButton() {
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Preact knows no such attribute.
    folder.current?.setAttribute('webkitdirectory', '');
  }, []);
  useKeys(
    [
      { key: 'o', what: 'open a recording', run: () => file.current?.click() },
      { key: 'Shift+O', what: 'open a folder with a recording', run: () => folder.current?.click() },
    ],
    [],
  );
  const chosenFiles = (input: HTMLInputElement) => {
    void openAny(filesOfInput(input));
    input.value = '';
  };
  return (
    <span class="open">
      <button type="button" onClick={() => file.current?.click()}>
        Open file
      </button>
      <button type="button" onClick={() => folder.current?.click()}>
        Open folder
      </button>
      <input
        ref={file}
        class="hidden"
        type="file"
        tabIndex={-1}
        aria-label="Recording"
        onChange={({ currentTarget }) => chosenFiles(currentTarget)}
      />
      <input
        ref={folder}
        class="hidden"
        type="file"
        tabIndex={-1}
        aria-label="Folder with a recording"
        onChange={({ currentTarget }) => chosenFiles(currentTarget)}
      />
    </span>
  );
}

function Working() {
  const doing = work.value;
  useKeys(doing === null ? [] : [{ key: 'c', what: 'call off what is being done', run: doing.cancel }], [
    doing?.startMs,
  ]);
  if (doing === null) return null;
  const { title, progress, startMs, cancel } = doing;
  const seconds = (performance.now() - startMs) / 1000;
  const rate =
    progress !== null && progress.bytes > 0 && seconds > 0.2
      ? ` · ${(progress.bytes / 1e6 / seconds).toFixed(0)} MB/s`
      : '';
  return (
    <section class="working" aria-live="polite" aria-label="Progress">
      <progress max={1} value={progress?.part ?? undefined} />
      <span>
        {progress?.what ?? title}
        {progress?.part == null ? '' : ` · ${Math.round(progress.part * 100)} %`}
        {rate}
      </span>
      <button type="button" onClick={cancel}>
        Cancel
      </button>
      {progress?.preview !== undefined && <Preview tile={progress.preview} />}
    </section>
  );
}

function Failed() {
  const error = failure.value;
  if (error === null) return null;
  return (
    <section class="failed" role="alert">
      <p>
        {error.where !== '' && `${error.where}: `}
        {error.message}
        {error.code !== '' && ` [${error.code}]`}
      </p>
      {error.hint !== '' && <p>{error.hint}</p>}
      <button type="button" onClick={putFailureAway}>
        Put away
      </button>
    </section>
  );
}

function Welcome() {
  return (
    <section class="welcome">
      <h1>Which CPUs does each drain of the Linux per-CPU page lists disturb?</h1>
      <p>
        Drop a recording here: a trace.dat, ftrace text or perf script text, or the folder that holds it. It
        is read in this page and never leaves it.
      </p>
      <OfferedList />
      <h2>Without a recording</h2>
      <ul>
        {views
          .filter(({ needsRecording }) => !needsRecording)
          .map(({ name, title, answers }) => (
            <li key={name}>
              <a href={`#view=${name}`}>{title}</a>: {answers}
            </li>
          ))}
      </ul>
    </section>
  );
}

function Shown({ view }: { view: View }) {
  const loaded = useSignal<{ view: View; component: ComponentType } | null>(null);
  useEffect(() => {
    let wanted = true;
    void view.load().then((component) => {
      if (wanted) loaded.value = { view, component };
    }, fail);
    return () => {
      wanted = false;
    };
  }, [view]);
  const shown = loaded.value;
  if (shown === null || shown.view !== view) return <p class="loading">Loading {view.title} …</p>;
  const Component = shown.component;
  return <Component />;
}

function Keys() {
  return (
    <aside class="keys" aria-label="Keys">
      <h2>Keys</h2>
      <dl>
        {keyBindings.value.map(({ key, what }) => (
          <div key={key + what}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
