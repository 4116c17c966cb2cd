import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAnalyzer } from 'mememoji/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasFfmpeg } from '../../../../test/ffmpeg.ts';
import { completeConfig } from '../../src/config/config.ts';
import { openJobs } from '../../src/jobs/open-jobs.ts';
import { openTestStore } from '../app.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const PHOTO = fileURLToPath(new URL('../../../../test/fixtures/astronaut.png', import.meta.url));

describe.skipIf(!hasFfmpeg)('a job of a video', { timeout: 240_000 }, () => {
  async function open() {
    const test = await openTestStore();
    const opened = await openJobs({
      config: completeConfig({ dataDir: test.dataDir }),
      store: test.store,
      queue: { analyzeInBackground: () => Promise.reject(new Error('there is no picture in it')) },
      parallel: 1,
      model: async () => undefined,
      works: true,
      env: {},
      onError: (error) => process.stderr.write(`${error}\n`),
    });
    onTestFinished(async () => {
      await opened.close();
      await test.remove();
    });
    const ended = async (id: string) => {
      for (let i = 0; i < 600; i++) {
        const job = (await opened.jobs.read(id))!;
        if (job.finished_at !== null) return job;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      throw new Error('it did not end');
    };
    return { ...opened, ended };
  }

  it('has a result for each frame, with the face of one track', async () => {
    const path = join(temporaryFolder(), 'clip.mp4');
    const input = ['-loop', '1', '-framerate', '5', '-t', '2', '-i', PHOTO];
    execFileSync('ffmpeg', ['-loglevel', 'error', ...input, '-pix_fmt', 'yuv420p', path]);
    const { jobs, ended } = await open();
    const { id } = await jobs.submit({ fps: 5 }, (submission) => submission.add(path, 'clip.mp4'));
    const job = await ended(id);
    expect(job).toMatchObject({ kind: 'video', status: 'finished', total: 10, done: 10, failed: 0, error: null });
    const results = await jobs.results(job, -1, 100);
    expect(results.map(({ item }) => item)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { item, analysis } of results) {
      expect(analysis).toMatchObject({ frame: item, timestamp: item / 5, faces: [{ id: 0, dominant: 'happy' }] });
    }
    const analyzer = await createAnalyzer({ detection: 'video' });
    onTestFinished(() => analyzer.close());
    const { faces } = await analyzer.analyze(PHOTO);
    const last = results.at(-1)?.analysis?.faces[0];
    expect(last?.expressions.happy).toBeCloseTo(faces[0]!.expressions.happy, 1);
  });

  it('that is none fails with its reason, and a video goes with nothing else', async () => {
    const path = join(temporaryFolder(), 'broken.mp4');
    await writeFile(path, Buffer.concat([Buffer.from('0000001c6674797069736f6d', 'hex'), Buffer.alloc(500)]));
    const { jobs, ended } = await open();
    const { id } = await jobs.submit({}, (submission) => submission.add(path, 'broken.mp4'));
    const job = await ended(id);
    expect(job).toMatchObject({ status: 'failed', done: 0 });
    expect(job.error?.code).toMatch(/^[A-Z_]+$/);
    expect(job.error?.message).not.toContain('/tmp/');
    const both = jobs.submit({}, async (submission) => {
      await submission.add(PHOTO, 'a.png');
      await submission.add(path, 'broken.mp4');
    });
    await expect(both).rejects.toMatchObject({ code: 'BAD_JOB' });
  });
});
