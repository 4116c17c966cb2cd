import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TrainError } from '@mememoji/train/error';
import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliError, describe as describeError, judge } from '../src/errors.ts';
import { call } from './call.ts';
import { run } from './run.ts';
import { makeFolder } from './stand-in.ts';

describe('judge', () => {
  it('gives 1 and one line for an error of a package', () => {
    const error = new TrainError('BAD_ROW', 'row 7 has\n  two pixels', 'repair the row');
    expect(judge(error)).toEqual({ exitCode: 1, line: 'row 7 has two pixels. Repair the row' });
  });

  it('gives 2 for wrong use, of whatever package', () => {
    expect(judge(new CliError('UNKNOWN_MODEL', 'no model x')).exitCode).toBe(2);
    expect(judge(new TrainError('BAD_OPTION', 'batch 0')).exitCode).toBe(2);
  });

  it('says nothing where help was shown', () => {
    expect(judge(new CommanderError(0, 'commander.helpDisplayed', ''))).toEqual({ exitCode: 0, line: undefined });
    expect(judge(new CommanderError(1, 'commander.help', ''))).toEqual({ exitCode: 2, line: undefined });
  });

  it('puts errors of the system into words', () => {
    const error = Object.assign(new Error('ENOSPC: x'), { code: 'ENOSPC', path: '/a/b' });
    expect(judge(error)).toEqual({ exitCode: 1, line: '/a/b: no space left on the disk' });
  });

  it('gives 130 for what was stopped', () => {
    expect(judge(AbortSignal.abort().reason)).toEqual({ exitCode: 130, line: 'stopped' });
  });

  it('points to --debug for a fault of the program', () => {
    const line = 'unexpected TypeError: x is undefined. Run with --debug for the stack';
    expect(judge(new TypeError('x is undefined'))).toEqual({ exitCode: 1, line });
    expect(judge('text').line).toBe('unexpected text. Run with --debug for the stack');
  });

  it('leaves names in hints as they are', () => {
    expect(describeError({ message: 'it is bad.', hint: '`npm ci` mends it' })).toBe('it is bad. `npm ci` mends it');
    expect(describeError({ message: 'it is bad' })).toBe('it is bad');
  });
});

describe('what goes wrong on the command line', () => {
  let folder: string;
  let model: string;
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);

  beforeAll(() => {
    ({ folder, model } = makeFolder());
    write('text.jpg', 'this is no picture');
    write('empty.png', '');
    write('broken.png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
    write('not-onnx.onnx', 'this is no model');
    mkdirSync(join(folder, 'nothing'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const WRONG_USE: [string[], RegExp][] = [
    [['--colour'], /^mememoji: unknown option '--colour'\. See 'mememoji --help'\n$/],
    [['analyse', 'x.jpg'], /^mememoji: unknown command 'analyse'\. Did you mean analyze\?\n$/],
    [['frobnicate'], /^mememoji: unknown command 'frobnicate'\. See 'mememoji --help'\n$/],
    [['analyze'], /^mememoji: missing required argument 'path'\. See 'mememoji analyze --help'\n$/],
    [['analyze', '--formt', 'json', 'x'], /^mememoji: unknown option '--formt'\. Did you mean --format\?\n$/],
    [
      ['analyze', 'x', '--format', 'xml'],
      /^mememoji: .*'xml' is invalid\. Allowed choices are table, json, ndjson, csv, openface, py-feat\./,
    ],
    [
      ['analyze', 'x', '--format'],
      /^mememoji: option '--format <format>' argument missing\. See 'mememoji analyze --help'\n$/,
    ],
    [['analyze', 'x', '--threads', '0'], /^mememoji: .*'0' is invalid\. It must be a whole number from 1 on\. See/],
    [['analyze', 'x', '--model', 'gpt'], /^mememoji: no model is named 'gpt', nor is there such a file\. /],
    [['analyze', 'x', '--resume'], /^mememoji: --resume needs the --output file that is to be continued\n$/],
    [
      ['analyze', 'x', '--resume', '--output', 'o', '--format', 'json'],
      /^mememoji: --resume cannot go on with json\. /,
    ],
    [
      ['analyze', 'x', '--resume', '--output', 'o', '--format', 'csv', '--plot', 'p.svg'],
      /^mememoji: --plot and --report go on with --format ndjson only\. /,
    ],
    [['analyze', 'x', '--summary', '--format', 'openface'], /^mememoji: a summary has no form openface\. /],
    [['analyze', 'x', '--six', '--format', 'py-feat'], /^mememoji: py-feat has seven expressions\. Leave out --six\n$/],
    [['analyze', 'x', '--style', 'memes'], /^mememoji: --style is for --annotate only\n$/],
    [['analyze', 'x', '--embed'], /^mememoji: --embed is for --report only\n$/],
    [['analyze', 'x', '--plot', 'p.pdf'], /^mememoji: 'p\.pdf' must end in \.svg or \.png\n$/],
    [['analyze', 'x', '--every', '2', '--fps', '5'], /^mememoji: --every and --fps exclude each other\n$/],
    [['analyze', 'x', '--from', '1:00', '--to', '60'], /^mememoji: --from must be before --to\n$/],
    [['analyze', 'x', '--from', '1:75'], /^mememoji: .*'1:75' is invalid\. It must be seconds, such as 90 or 12\.5/],
    [['analyze', 'x', '--fps', '0'], /^mememoji: .*'0' is invalid\. It must be a number above 0\. See/],
    [['models', 'remove'], /^mememoji: unknown command 'remove'\. /],
    [['models', 'list', 'x'], /^mememoji: too many arguments for 'list'\. /],
  ];
  it.each(WRONG_USE)('%j is wrong use', async (args, message) => {
    const { code, stdout, stderr } = await call(args);
    expect(stderr).toMatch(message);
    expect(stderr.match(/\n/g)).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  const FAILURES: [string[], RegExp][] = [
    [['missing.jpg'], /^mememoji: missing\.jpg does not exist\. Check the path\n$/],
    [['nothing'], /^mememoji: no picture or video in the folder 'nothing'\. Add --recursive to look deeper\n$/],
    [['*.tiff'], /^mememoji: no file matches '\*\.tiff'\. Check the pattern\n$/],
    [['broken.png'], /^mememoji: broken\.png is damaged \(.+\)\. Open and save it anew\n$/],
    [['empty.png'], /^mememoji: empty\.png is empty\. .+\n$/],
    [['text.jpg'], /^mememoji: text\.jpg is not a picture of a known format\. .*JPEG.*\n$/],
    [['-'], /^mememoji: standard input: .* is empty\. .+\n$/],
  ];
  it.each(FAILURES)('analyze %j fails', async (args, message) => {
    const { code, stdout, stderr } = await run(['analyze', ...args, '--model', model], { cwd: folder });
    expect(stderr).toMatch(message);
    expect(stderr.match(/\n/g)).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('refuses a model that is none', async () => {
    const { code, stderr } = await run(['analyze', 'x.jpg', '--model', 'not-onnx.onnx'], { cwd: folder });
    expect(stderr).toMatch(/^mememoji: the model file is not ONNX, or damaged, .+\n$/);
    expect(code).toBe(1);
  });

  it('refuses an output that cannot be written', async () => {
    const args = ['models', 'list', '--output', join(model, 'below', 'a-file.txt')];
    const { code, stderr } = await run(args);
    expect(stderr).toMatch(/^mememoji: cannot write '.+': .+\. Choose another place\n$/);
    expect(code).toBe(1);
  });

  it('shows its help, with 2, where no command is given', async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: mememoji /);
  });
});
