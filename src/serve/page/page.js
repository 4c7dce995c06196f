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

/** What the samples of a zone looked like, newest first. */
const history = new Map();
let host = { isolated: new Set() };

function showHost(data) {
  host = { isolated: new Set([...cpusOf(data.isolated), ...cpusOf(data.nohzFull)]) };
  byId('host').textContent = `${data.name} · Linux ${data.kernel}`;
  document.title = `${data.name} · drainlab`;
  history.clear();
  byId('zones').replaceChildren();
}

function showSample(sample) {
  byId('live').hidden = false;
  say(`live: sample ${number(sample.number)}`);
  const { cpus, load } = sample;
  const pressure = load.pressure === null ? '' : ` · memory pressure ${load.pressure.some.avg10}\u00a0% over 10 s`;
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
  if (!history.has(key)) {
    const figure = document.createElement('figure');
    figure.append(document.createElement('figcaption'), document.createElement('canvas'));
    figure.lastChild.setAttribute('role', 'img');
    byId('zones').append(figure);
    history.set(key, { figure, rows: [] });
  }
  const { figure, rows } = history.get(key);
  rows.unshift({ online, lists });
  rows.length = Math.min(rows.length, rowsShown);
  const known = lists.filter((pages) => pages !== null);
  const parked = known.reduce((sum, pages) => sum + pages, 0);
  const empty = known.filter((pages) => pages === 0).length;
  const free = freePages === null ? '' : `, ${number(freePages)} free beside them`;
  const text = `${key}: ${number(empty)} of ${number(known.length)} lists empty, ${number(parked)} pages on them${free}`;
  figure.firstChild.textContent = text;
  figure.lastChild.setAttribute('aria-label', text);
  draw(figure.lastChild, rows);
}

function draw(canvas, rows) {
  const scale = window.devicePixelRatio;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  const context = canvas.getContext('2d');
  const colours = getComputedStyle(document.documentElement);
  const colour = (name) => colours.getPropertyValue(`--${name}`);
  const [empty, few, many, offline, isolated] = ['empty', 'few', 'many', 'offline', 'isolated'].map(colour);
  const steps = Array.from({ length: 9 }, (_, i) => `color-mix(in oklab, ${many} ${i * 12.5}%, ${few})`);
  const cpuCount = Math.max(...rows.map(({ online }) => online.at(-1) ?? 0)) + 1;
  const columns = Math.min(cpuCount, canvas.width);
  const bandHeight = host.isolated.size === 0 ? 0 : 4 * scale;
  const edge = (row) => bandHeight + Math.round((row * (canvas.height - bandHeight)) / rowsShown);
  const left = (column) => Math.round((column * canvas.width) / columns);
  const fill = (column, top, bottom) =>
    context.fillRect(left(column), top, left(column + 1) - left(column), bottom - top);
  const columnOf = (cpu) => Math.floor((cpu * columns) / cpuCount);
  context.fillStyle = offline;
  context.fillRect(0, 0, canvas.width, edge(rows.length));
  context.fillStyle = isolated;
  for (const cpu of host.isolated) fill(columnOf(cpu), 0, bandHeight);
  for (const [index, { online, lists }] of rows.entries()) {
    // More CPUs than pixels: the fullest list of a column is what shows.
    const fullest = new Map();
    for (const [i, pages] of lists.entries()) {
      const column = columnOf(online[i]);
      if (pages !== null) fullest.set(column, Math.max(pages, fullest.get(column) ?? 0));
    }
    for (const [column, pages] of fullest) {
      context.fillStyle = pages === 0 ? empty : steps[Math.min(8, Math.floor(Math.log2(pages) / 2))];
      fill(column, edge(index), edge(index + 1));
    }
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
