import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startHost } from '../host.ts';
import { ASTRONAUT, chooseFiles, download, goTo, type Stage } from './stage.ts';

/** One request that the stub of the server has got. */
interface Received {
  path: string;
  body: string;
}

const ID = '0d9ad6a8-9c5b-4b0f-9c0a-6d2f6f0c5b7e';

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('latin1');
}

export function describeCorrections(stage: Stage): void {
  describe('corrections', () => {
    it('stay on the device, are listed after a reload, exported and deleted', async () => {
      const page = await stage.open();
      await chooseFiles(page, 'Choose pictures', ASTRONAUT);
      await page.getByText('Not right? Correct it').click();
      await page.getByText('Kept on this device only').waitFor();
      await page.getByRole('radio', { name: 'Surprise' }).check();
      await page.getByText('Thank you. Kept on this device.').waitFor();
      await page.getByText('You said: Surprise').waitFor();

      await page.reload();
      await goTo(page, 'Corrections');
      await page.getByText('The program had read: Happy').waitFor();
      const lines = await download(page, () => page.getByRole('button', { name: 'Export as NDJSON' }).click());
      const correction = JSON.parse(lines.content.toString());
      expect(correction).toMatchObject({
        source: 'astronaut.png',
        expression: 'surprise',
        face: { dominant: 'happy' },
      });
      expect(correction.crop.picture).toBe(`surprise/${correction.id}.png`);

      const zip = await download(page, () => page.getByRole('button', { name: 'Export with pictures' }).click());
      expect(zip.name).toBe('mememoji-corrections.zip');
      expect(zip.content.includes(`surprise/${correction.id}.png`)).toBe(true);
      expect(zip.content.includes(Buffer.from([0x89, 0x50, 0x4e, 0x47]))).toBe(true);

      await page.getByRole('button', { name: 'Delete all' }).click();
      await page.getByRole('button', { name: 'Yes, delete all of them' }).click();
      await page.getByText('Nothing yet.').waitFor();
    });

    it('teach the model, until that is undone', async () => {
      const page = await stage.open();
      const read = async (): Promise<string | null> => {
        await goTo(page, 'Picture');
        await chooseFiles(page, 'Choose pictures', ASTRONAUT);
        return page.locator('.picture').first().locator('.face-card h3').textContent();
      };
      expect(await read()).toBe('Happy');
      await page.getByText('Not right? Correct it').click();
      await page.getByRole('radio', { name: 'Surprise' }).check();
      await page.getByText('Thank you.').waitFor();

      await goTo(page, 'Teach');
      await page.getByRole('button', { name: 'Use them' }).click();
      await page.getByRole('radio', { name: 'Bold' }).check();
      await page.getByRole('button', { name: 'Let it learn' }).click();
      await page.getByRole('heading', { name: 'Learned', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Use it from now on' }).click();
      await page.getByText('The taught model is in use').waitFor();
      expect(await read()).toBe('Surprise');

      await goTo(page, 'Teach');
      await page.getByRole('button', { name: 'Undo: back to the original' }).click();
      await page.getByText('The original model is in use again').waitFor();
      expect(await read()).toBe('Happy');
    });

    it('go to the server where there is one, and the picture only if the person says so', async () => {
      const received: Received[] = [];
      const host = await startHost({
        ...{ folder: stage.appFolder, isolated: true },
        answer: async (request, response) => {
          const path = request.url ?? '';
          if (!path.startsWith('/v1/') && path !== '/ready') return false;
          const body = await readBody(request);
          if (request.method === 'POST') received.push({ path, body });
          const box = { x: 70, y: 70, width: 116, height: 116 };
          const answer = path === '/ready' ? { status: 'ready' } : { id: ID, faces: [{ id: 0, box }] };
          response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
          return true;
        },
      });
      try {
        const page = await stage.open({ url: host.url });
        await chooseFiles(page, 'Choose pictures', ASTRONAUT);
        await page.getByText('Not right? Correct it').click();
        await page.getByText('sent to the server').waitFor();
        await page.getByRole('radio', { name: 'Neutral' }).check();
        await page.getByText('Kept here and sent to the server').waitFor();
        expect(received.map(({ path }) => path)).toEqual(['/v1/predictions', '/v1/feedback']);
        expect(received[0]!.body, 'no picture').not.toContain('PNG');
        expect(JSON.parse(received[0]!.body)).toMatchObject({
          image: { width: 512, height: 512 },
          faces: [{ id: 0, dominant: 'happy' }],
        });
        expect(JSON.parse(received[1]!.body)).toEqual({ id: ID, face: 0, expression: 'neutral' });

        received.length = 0;
        await page.getByRole('checkbox', { name: /Also send this face’s picture/ }).check();
        await page.getByRole('radio', { name: 'Surprise' }).check();
        await expect.poll(() => received.length, { timeout: 60_000 }).toBe(2);
        expect(received[0]!.path).toBe('/v1/analyze?store_image=true');
        expect(received[0]!.body).toContain('\x89PNG');
        expect(JSON.parse(received[1]!.body)).toEqual({ id: ID, face: 0, expression: 'surprise' });
      } finally {
        await host.close();
      }
    });

    it('let the server fetch a picture that the browser may not, if the person agrees', async () => {
      const asked: string[] = [];
      const picture = `data:image/png;base64,${readFileSync(ASTRONAUT).toString('base64')}`;
      const host = await startHost({
        ...{ folder: stage.appFolder, isolated: true },
        answer: async (request, response) => {
          const path = request.url ?? '';
          if (path !== '/v1/analyze' && path !== '/ready') return false;
          if (path === '/v1/analyze') asked.push(await readBody(request));
          const answer = path === '/ready' ? { status: 'ready' } : { id: ID, faces: [], picture };
          response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
          return true;
        },
      });
      const closed = await startHost({ folder: stage.folder });
      try {
        const page = await stage.open({ url: host.url, tolerant: true });
        const field = page.getByLabel('Address of a picture');
        await field.fill(`${closed.url}face.png`);
        await field.press('Enter');
        await page.getByRole('button', { name: 'No, leave it' }).click();
        expect(asked, 'nothing is asked before').toEqual([]);
        await field.fill(`${closed.url}face.png`);
        await field.press('Enter');
        await page.getByRole('button', { name: 'Fetch it through the server' }).click();
        await page.getByText('One face').waitFor();
        expect(JSON.parse(asked[0]!)).toEqual({ url: `${closed.url}face.png`, picture: true });
      } finally {
        await host.close();
        await closed.close();
      }
    });
  });
}
