/**
 * The picture flow in Debian's Firefox, which playwright-core does not drive: over WebDriver BiDi, which Firefox itself speaks
 * (https://w3c.github.io/webdriver-bidi), without geckodriver. Prints what was read, ends with 1 if it is not a happy face.
 * Run: npm run build -w @mememoji/web && node --conditions=source apps/web/scripts/check-firefox.ts [DIST] [SCREENSHOT.png]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHost } from '../test/host.ts';

const FIREFOX = '/usr/bin/firefox-esr';
const [APP = join(import.meta.dirname, '../dist'), SCREENSHOT] = process.argv.slice(2);
const PHOTO = join(import.meta.dirname, '../../../test/fixtures/astronaut.png');
/** Milliseconds; a machine that has other work to do is slow. */
const PATIENCE = 300_000;

type Json = Record<string, unknown>;

/** The commands of WebDriver BiDi that are needed here. */
class Bidi {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Json) => void>();
  readonly complaints: string[] = [];
  #last = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data))));
  }

  async call(method: string, params: Json): Promise<Json> {
    const id = ++this.#last;
    const answer = new Promise<Json>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error, message } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error} (${message})`);
    return result as Json;
  }

  /** The value of an expression in the page; nodes come as they are. */
  async evaluate(context: unknown, expression: string): Promise<Json> {
    const { result, exceptionDetails } = await this.call('script.evaluate', {
      ...{ expression, target: { context }, awaitPromise: true },
    });
    if (result === undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result as Json;
  }

  #receive(message: Json): void {
    if (message.method === 'log.entryAdded') {
      const { level, text } = message.params as Json;
      if (level === 'error') this.complaints.push(String(text));
    } else if (typeof message.id === 'number') this.#waiting.get(message.id)?.(message);
  }
}

/** Starts Firefox without a window; resolves with the address at which it takes commands. */
function startFirefox(profile: string): Promise<{ firefox: ChildProcess; address: string }> {
  const firefox = spawn(FIREFOX, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0']);
  return new Promise((resolve, reject) => {
    firefox.stderr.on('data', (part: Buffer) => {
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(part.toString())?.[1];
      if (address !== undefined) resolve({ firefox, address });
    });
    firefox.once('error', reject);
    firefox.once('exit', () => reject(new Error('Firefox has ended')));
  });
}

async function connect(address: string): Promise<Bidi> {
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`no connection to ${address}`)));
  });
  return new Bidi(socket);
}

/** Waits until an expression gives a text. */
async function textOf(bidi: Bidi, context: unknown, expression: string): Promise<string> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(500)) {
    const { type, value } = await bidi.evaluate(context, expression);
    if (type === 'string' && value !== '') return String(value);
  }
  throw new Error(`nothing came of ${expression}`);
}

async function check(bidi: Bidi, url: string): Promise<string> {
  await bidi.call('session.new', { capabilities: {} });
  await bidi.call('session.subscribe', { events: ['log.entryAdded'] });
  const { contexts } = await bidi.call('browsingContext.getTree', {});
  const { context } = (contexts as Json[])[0]!;
  await bidi.call('browsingContext.navigate', { context, url, wait: 'complete' });
  await textOf(bidi, context, `document.querySelector('input[type=file]') ? 'there' : ''`);
  const { sharedId } = await bidi.evaluate(context, `document.querySelector('input[type=file]')`);
  await bidi.call('input.setFiles', { context, element: { sharedId }, files: [PHOTO] });
  const seen = await textOf(bidi, context, `document.querySelector('.face-card')?.innerText ?? ''`);
  await bidi.evaluate(context, `document.querySelector('input[value=memes]').click()`);
  await sleep(2000);
  const { data } = await bidi.call('browsingContext.captureScreenshot', { context });
  if (SCREENSHOT !== undefined) writeFileSync(SCREENSHOT, Buffer.from(String(data), 'base64'));
  return seen;
}

const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
const host = await startHost({ folder: APP, isolated: true });
const { firefox, address } = await startFirefox(profile);
try {
  const bidi = await connect(address);
  const seen = await check(bidi, host.url);
  process.stdout.write(`${seen.replaceAll('\n', ' ')}\n`);
  for (const complaint of bidi.complaints) process.stderr.write(`${complaint}\n`);
  if (!seen.startsWith('Happy')) process.exitCode = 1;
} finally {
  firefox.kill();
  await new Promise((resolve) => firefox.once('close', resolve));
  await host.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit();
