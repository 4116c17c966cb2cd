import { describe, expect, it } from 'vitest';
import { run } from './run.ts';

/** Each start of the command tells of the variable on standard error. */
const TELL = `data:text/javascript,process.stderr.write("started with " + process.env.GLIBC_TUNABLES + "\\n")`;
const ASKED = 'started with glibc.malloc.hugetlb=1\n';

async function startsOf(args: readonly string[], tunables?: string): Promise<string> {
  const env = { ...process.env, GLIBC_TUNABLES: tunables };
  const { code, stderr } = await run(args, { nodeArgs: ['--import', TELL], env });
  expect(code).toBe(0);
  return stderr;
}

describe.runIf(process.platform === 'linux' && process.execve !== undefined)('large pages', () => {
  it('are asked for where nets are trained, by starting once more', async () => {
    expect(await startsOf(['train', '--help'])).toBe(`started with undefined\n${ASKED}`);
    const step = 'bench train --batch 2 --steps 1 --format json'.split(' ');
    expect(await startsOf(step)).toBe(`started with undefined\n${ASKED}`);
  });

  it('are left alone elsewhere, and where the variable is set', async () => {
    expect(await startsOf(['models', 'list'])).not.toContain('hugetlb');
    expect(await startsOf(['train', '--help'], 'glibc.malloc.check=1')).toBe('started with glibc.malloc.check=1\n');
  });
});
