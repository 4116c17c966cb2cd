import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { completeConfig, listOptions, readConfig } from '../src/config/config.ts';

function writeConfig(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.json');
  writeFileSync(file, content);
  return file;
}

describe('the configuration', () => {
  it('has a default for everything that needs one', () => {
    expect(completeConfig()).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      storeImages: 'opt-in',
      imageDays: 30,
      fetchUrls: true,
      fetchPorts: [80, 443],
      cors: [],
      keys: 'off',
    });
  });

  it('takes flags before the environment before the file', async () => {
    const file = writeConfig('{"port": 1, "queue": 2, "analyzers": 3, "fetchPorts": [8080], "docs": false}');
    const env = { MEMEMOJI_PORT: '10', MEMEMOJI_QUEUE: '20', OTHER: 'x' };
    const config = await readConfig({ flags: { port: '100', host: undefined }, env, file });
    expect(config).toMatchObject({ port: 100, queue: 20, analyzers: 3, fetchPorts: [8080], docs: false });
  });

  it('reads the file that the environment names, and DATABASE_URL', async () => {
    const file = writeConfig('{"port": 7}');
    const env = { MEMEMOJI_CONFIG: file, DATABASE_URL: 'postgres://a@b/c' };
    expect(await readConfig({ env })).toMatchObject({ port: 7, databaseUrl: 'postgres://a@b/c' });
    const own = { ...env, MEMEMOJI_DATABASE_URL: 'postgres://d@e/f' };
    expect(await readConfig({ env: own })).toMatchObject({ databaseUrl: 'postgres://d@e/f' });
  });

  it('understands text', async () => {
    const flags = {
      fetchUrls: 'no',
      trustProxy: 'true',
      cors: 'https://a.example, https://b.example',
      fetchPorts: '80',
    };
    expect(await readConfig({ flags })).toMatchObject({
      fetchUrls: false,
      trustProxy: true,
      cors: ['https://a.example', 'https://b.example'],
      fetchPorts: [80],
    });
  });

  it.each([
    ['port', '70000', 'the command line'],
    ['port', '80.5', 'the command line'],
    ['port', '', 'the command line'],
    ['queue', '-1', 'the command line'],
    ['fetchUrls', 'perhaps', 'the command line'],
    ['storeImages', 'sometimes', 'the command line'],
    ['databaseUrl', 'mysql://a', 'the command line'],
    ['fetchPorts', '80,x', 'the command line'],
  ])('refuses %s "%s" and says where it stands', async (name, value, place) => {
    await expect(readConfig({ flags: { [name]: value } })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(`${name} in ${place}`),
    });
  });

  it('refuses what is wrong in the environment and in the file', async () => {
    const inEnv = readConfig({ env: { MEMEMOJI_KEYS: 'maybe' } });
    await expect(inEnv).rejects.toThrow('keys in the environment');
    const file = writeConfig('{"prot": 80}');
    await expect(readConfig({ file })).rejects.toThrow(`prot in ${file} is no option`);
    for (const content of ['[1]', 'port: 80', '']) {
      await expect(readConfig({ file: writeConfig(content) })).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    }
    await expect(readConfig({ file: '/nowhere/config.json' })).rejects.toMatchObject({ code: 'BAD_CONFIG' });
  });
});

describe('docs/server.md', () => {
  it('has every option with its flag, variable, default and meaning, and no other', () => {
    const text = readFileSync(new URL('../../../docs/server.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)` +\| `(--[\w-]+)` +\| `(MEMEMOJI_\w+)` +\| (.*?) +\| (.*?) +\|$/gm)];
    const documented = rows.map(([, name, flag, variable, value, meaning]) => ({
      name,
      flag,
      variable,
      default: value!.replaceAll('`', ''),
      meaning,
    }));
    expect(documented).toEqual(listOptions());
  });
});
