// The page of `drainlab serve`: the census once, then samples as they come (docs/serve.md has their form).

const rowsShown = 40;
const byId = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString('en');

/** `0-2,5` → [0, 1, 2, 5]. */
function cpusOf(list) {
  return list.split(',').flatMap((part) => {
    if (part === '') return [];
    const [first, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

function say(text) {
  byId('state').textContent = text;
}

function paragraph(text, className = '') {
  const element = document.createElement('p');
  element.textContent = text;
  element.className = className;
  return element;
}

async function showCensus() {
  const response = await fetch('/api/census');
  const answer = await response.json();
  if (!response.ok) {
    byId('answer').textContent = answer.message;
    return false;
  }
  const [first = '', ...others] = answer.answers;
  byId('answer').textContent = first;
  byId('more').replaceChildren(
    ...answer.warnings.map((text) => paragraph(text, 'warning')),
    ...others.map((text) => paragraph(text)),
    ...answer.caveats.map((text) => paragraph(text)),
  );
  return true;
}

/** More columns than most screens have pixels. */
const columnsMax = 1024;

/** Figure of each zone. */
const figures = new Map();
let host = { isolated: [], columns: 1, columnOf: () => 0 };

function showHost(data) {
  const cpuCount = Math.max(0, ...cpusOf(data.possible)) + 1;
  const columns = Math.min(cpuCount, columnsMax);
  host = {
    isolated: [...cpusOf(data.isolated), ...cpusOf(data.nohzFull)],
    columns,
    columnOf: (cpu) => Math.floor((cpu * columns) / cpuCount),
  };
  byId('host').textContent = `${data.name} · Linux ${data.kernel}`;
  document.title = `${data.name} · drainlab`;
  figures.clear();
  byId('zones').replaceChildren();
}

function showSample(sample) {
  byId('live').hidden = false;
  say(`live: sample ${number(sample.number)}`);
  const { cpus, load } = sample;
  const pressure =
    load.pressure === null ? '' : ` · memory pressure ${load.pressure.some.avg10}\u00a0% over 10 s`;
  const stalls = load.allocationStalls === null ? '' : ` · direct reclaims ${number(load.allocationStalls)}`;
  const isolated =
    cpus.isolatedOnline === 0 ? '' : ` (isolated: ${cpus.isolatedEmpty} of ${cpus.isolatedOnline})`;
  byId('now').textContent =
    `${number(cpus.empty)} of ${number(cpus.online)} CPUs hold no page${isolated} · ` +
    `${number(cpus.parkedPages)} pages on lists${stalls}${pressure}`;
  const online = cpusOf(sample.online);
  for (const zone of sample.zones) showZone(zone, online);
  if (sample.interrupts !== null) showInterrupts(sample.interrupts);
}

function showZone({ node, name, lists, freePages }, online) {
  const key = `node ${node}, zone ${name}`;
  if (!figures.has(key)) figures.set(key, newFigure());
  const [caption, , strip] = figures.get(key).children;
  const known = lists.filter((pages) => pages !== null);
  const parked = known.reduce((sum, pages) => sum + pages, 0);
  const empty = known.filter((pages) => pages === 0).length;
  const free = freePages === null ? '' : `, ${number(freePages)} free beside them`;
  const text = `${key}: ${number(empty)} of ${number(known.length)} lists empty, ${number(parked)} pages on them${free}`;
  caption.textContent = text;
  strip.setAttribute('aria-label', text);
  draw(strip.getContext('2d'), online, lists);
}

/** A pixel is a CPU (or some) in a sample; the style sheet makes it larger. */
function newFigure() {
  const figure = document.createElement('figure');
  const [band, strip] = [1, rowsShown].map((height) => {
    const canvas = document.createElement('canvas');
    canvas.width = host.columns;
    canvas.height = height;
    return canvas;
  });
  band.className = 'band';
  band.hidden = host.isolated.length === 0;
  band.ariaHidden = 'true';
  strip.setAttribute('role', 'img');
  figure.append(document.createElement('figcaption'), band, strip);
  byId('zones').append(figure);
  const context = band.getContext('2d');
  context.fillStyle = colour('isolated');
  for (const cpu of host.isolated) context.fillRect(host.columnOf(cpu), 0, 1, 1);
  return figure;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
}

/** Moves what is there down by a row and draws the newest on top. */
function draw(context, online, lists) {
  context.globalCompositeOperation = 'copy';
  context.drawImage(context.canvas, 0, 1);
  context.globalCompositeOperation = 'source-over';
  const [empty, few, many, offline] = ['empty', 'few', 'many', 'offline'].map(colour);
  context.fillStyle = offline;
  context.fillRect(0, 0, host.columns, 1);
  // More CPUs than columns: the fullest list is what shows.
  const fullest = new Map();
  for (const [i, pages] of lists.entries()) {
    const column = host.columnOf(online[i]);
    if (pages !== null) fullest.set(column, Math.max(pages, fullest.get(column) ?? 0));
  }
  for (const [column, pages] of fullest) {
    const step = Math.min(8, Math.floor(Math.log2(pages) / 2));
    context.fillStyle = pages === 0 ? empty : `color-mix(in oklab, ${many} ${step * 12.5}%, ${few})`;
    context.fillRect(column, 0, 1, 1);
  }
}

function showInterrupts({ byKind, sinceMs, backwards }) {
  byId('interrupts').hidden = false;
  const lost = backwards === 0 ? '' : ` ${number(backwards)} counters went backwards and are left out.`;
  byId('interrupts-note').textContent =
    `Over the last ${(sinceMs / 1000).toFixed(1)} s. On x86 a TLB flush is on most kernels also a function call.${lost}`;
  const rate = (count) => number(Math.round((count * 1000) / sinceMs));
  byId('interrupts')
    .querySelector('tbody')
    .replaceChildren(
      ...Object.entries(byKind).map(([kind, { all, isolated }]) => {
        const row = document.createElement('tr');
        const head = document.createElement('th');
        head.scope = 'row';
        head.textContent = kind;
        row.append(
          head,
          ...[all, isolated].map((count) => {
            const cell = document.createElement('td');
            cell.textContent = rate(count);
            return cell;
          }),
        );
        return row;
      }),
    );
}

function listen() {
  const events = new EventSource('/api/live');
  events.addEventListener('host', ({ data }) => showHost(JSON.parse(data)));
  events.addEventListener('sample', ({ data }) => showSample(JSON.parse(data)));
  events.addEventListener('end', ({ data }) => say(JSON.parse(data).message));
  events.addEventListener('error', () => {
    const isOver = events.readyState === EventSource.CLOSED;
    say(isOver ? 'ended: open the link that drainlab serve printed last' : 'no connection; trying again …');
  });
}

try {
  if (await showCensus()) listen();
  else say('locked');
} catch (error) {
  say(`no answer: ${error.message}`);
}
