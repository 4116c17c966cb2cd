import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ASTRONAUT, chooseFiles, goTo, type Stage } from './stage.ts';

const COMMAND = join(import.meta.dirname, '../../../cli/bin/mememoji.js');

interface Served {
  process: ChildProcess;
  /** Without a slash at its end. */
  url: string;
}

/** `mememoji serve` on a free port, with the app that was built for the tests. */
async function serve(stage: Stage): Promise<Served> {
  const options = ['--port', '0', '--data-dir', join(stage.folder, 'data'), '--web-dir', stage.appFolder];
  const process = spawn(globalThis.process.execPath, ['--conditions=source', COMMAND, 'serve', ...options]);
  let log = '';
  return new Promise((resolve, reject) => {
    process.stderr.on('data', (part: Buffer) => {
      log += part.toString();
      const url = /listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1];
      if (url !== undefined) resolve({ process, url });
    });
    process.once('exit', () => reject(new Error(`mememoji serve ended: ${log}`)));
  });
}

async function end({ process }: Served): Promise<void> {
  const ended = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGTERM');
  await ended;
}

interface Prediction {
  id: string;
  stored: boolean;
  image: { width: number };
  feedback: { face: number; expression: string }[];
}

export function describeServed(stage: Stage): void {
  describe('served by mememoji serve', () => {
    it.each([
      { withPicture: true, what: 'with the face if the person says so' },
      { withPicture: false, what: 'without any picture if not' },
    ])('is isolated, reads under its security policy, and stores a correction $what', async ({ withPicture }) => {
      const served = await serve(stage);
      try {
        const page = await stage.open({ url: `${served.url}/` });
        expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
        await chooseFiles(page, 'Choose pictures', ASTRONAUT);
        await page.getByText('Not right? Correct it').click();
        if (withPicture) await page.getByRole('checkbox', { name: /Also send this face’s picture/ }).check();
        await page.getByRole('radio', { name: 'Surprise' }).check();
        await page.getByText('Kept here and sent to the server').waitFor();
        await goTo(page, 'Corrections');
        await page.getByText('also sent to 127.0.0.1').waitFor();

        const id = await page.evaluate(readSentId);
        const prediction: Prediction = await (await fetch(`${served.url}/v1/predictions/${id}`)).json();
        expect(prediction.feedback).toMatchObject([{ face: 0, expression: 'surprise' }]);
        expect(prediction.stored).toBe(withPicture);
        // The face that was sent, or the photo that was not: of that the server has the size alone.
        if (withPicture) expect(prediction.image.width).toBeLessThanOrEqual(256);
        else expect(prediction.image.width).toBe(512);
      } finally {
        await end(served);
      }
    });
  });
}

/** In the page: the server's id of the only correction that is kept there. */
function readSentId(): Promise<string> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('mememoji');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const all = opening.result.transaction('corrections').objectStore('corrections').getAll();
      all.onsuccess = () => resolve(all.result[0].sent.id);
    };
  });
}
