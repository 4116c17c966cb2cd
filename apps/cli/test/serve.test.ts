import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BIN, ROOT, run } from './run.ts';

describe('mememoji serve', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mememoji-serve-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('listens, analyzes, and ends well on SIGTERM', async () => {
    const args = ['--conditions=source', BIN, 'serve', '--data-dir', dataDir, '--port', '0', '--analyzers', '1'];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    const url = await new Promise<string>((resolve, reject) => {
      ended.then(() => reject(new Error(stderr)));
      child.stderr.on('data', (text) => {
        stderr += text;
        const [, found] = /listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(stderr) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const photo = new Uint8Array(readFileSync(join(ROOT, 'test/fixtures/astronaut.png')));
    const answer = await fetch(`${url}/v1/analyze`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: photo,
    });
    expect({ status: answer.status, ...(await answer.json()) }).toMatchObject({
      status: 200,
      faces: [{ id: 0, dominant: 'happy' }],
    });
    // The embedded store belongs to the server while it runs.
    const { code, stderr: told } = await run(['serve', 'keys', 'list', '--data-dir', dataDir]);
    expect({ code, told }).toEqual({ code: 1, told: expect.stringContaining('another process works in the folder') });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(stdout).toBe('');
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
  }, 300_000);

  it('makes, lists and revokes keys', async () => {
    const keys = (...args: string[]) => run(['serve', 'keys', ...args, '--data-dir', dataDir]);
    const made = await keys('create', 'camera', '--scopes', 'analyze,feedback');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^mk_[\w-]{43}\n$/) });
    const [key] = JSON.parse((await keys('list', '--format', 'json')).stdout);
    expect(key).toMatchObject({ name: 'camera', scopes: ['analyze', 'feedback'] });
    expect((await keys('list')).stdout).toMatch(/^id +name +scopes +created +revoked\n.*camera +analyze feedback/);
    expect((await keys('revoke', key.id)).code).toBe(0);
    expect(await keys('revoke', key.id)).toMatchObject({ code: 1, stderr: expect.stringContaining('no key') });
    expect(JSON.parse((await keys('list', '--format', 'json')).stdout)[0]).toHaveProperty('revokedAt');
  }, 600_000);

  it.each([
    [['--port', 'high'], 'port in the command line is wrong'],
    [['--config', '/nowhere.json'], '/nowhere.json cannot be read'],
    [['--prot', '80'], "unknown option '--prot'"],
    [['keys', 'create', 'x', '--scopes', 'everything'], "'everything' is none of analyze"],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run(['serve', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});
