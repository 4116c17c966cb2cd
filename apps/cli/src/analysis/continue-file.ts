import { CliError } from '../errors.ts';
import type { Input } from '../inputs.ts';
import type { LineFormat } from '../line-formats.ts';
import { readEntries, readPaths } from '../read-lines.ts';
import { isLineFormat } from '../render-entries.ts';
import { type Begun, ResumableFile, type Settings } from '../resumable-file.ts';
import { analyzeMedia, type Step } from './analyze-media.ts';
import { note, type Run } from './run.ts';

/** Milliseconds between two notes of how far it is; a crash loses no more than that. */
const SAVE_EVERY = 1000;

/**
 * Analyzes into a file of lines. With `--resume` goes on where an earlier run was stopped, in whatever way: the file
 * becomes the same, byte by byte, as if it had not been.
 * @throws CliError `BAD_RESUME`, `BAD_OUTPUT`; an AbortError with a hint after Ctrl-C
 */
export async function continueFile(file: string, format: LineFormat, run: Run): Promise<void> {
  const { output, begun } = await open(file, format, run);
  try {
    const inputs = remaining(run.inputs, begun, file);
    output.plan(
      begun.done,
      inputs.map(({ path }) => path),
    );
    await replay(file, output, run);
    if (output.isEmpty) await output.write(format.head);
    await writeSteps(analyzeMedia(inputs, run.tools, begun.video), output, format, run);
  } catch (cause) {
    await output.close();
    throw run.tools.signal.aborted ? stopped(cause) : cause;
  }
  await output.finish();
}

function open(file: string, { head }: LineFormat, { options, tools }: Run) {
  const { format } = options;
  const settings = settingsOf({ options, tools });
  if (!options.resume || !isLineFormat(format)) return ResumableFile.begin(file, settings).then(unbegun);
  return ResumableFile.resume(file, settings, () => readPaths(file, format, head));
}

function unbegun(output: ResumableFile): { output: ResumableFile; begun: Begun } {
  return { output, begun: { done: [] } };
}

/** What must be the same in the run that goes on. */
function settingsOf({ options, tools }: Pick<Run, 'options' | 'tools'>): Settings {
  const { format, six, raw, detection, every = null, fps = null, from = null, to = null } = options;
  const { name, version, training } = tools.analyzer.spec;
  const model = `${name} ${version} ${training.run}`.trim();
  return { format, six, raw, detection, every, fps, from, to, model };
}

/** The inputs that are still to be done; first the video in the midst of which the earlier run was stopped. */
function remaining(inputs: readonly Input[], { done, video }: Begun, file: string): Input[] {
  const counts = new Map<string, number>();
  for (const path of done) counts.set(path, (counts.get(path) ?? 0) + 1);
  const rest = inputs.filter(({ path }) => {
    const count = counts.get(path) ?? 0;
    counts.set(path, count - 1);
    return count <= 0;
  });
  if (video === undefined) return rest;
  const first = rest.find(({ path }) => path === video.path);
  if (first !== undefined) return [first, ...rest.filter((input) => input !== first)];
  const hint = 'name it again, or begin anew without --resume';
  throw new CliError('BAD_RESUME', `'${file}' ends within '${video.path}', which is not among the inputs`, hint);
}

/** Figures and reports show what the earlier run has found, too. */
async function replay(file: string, output: ResumableFile, { options, timeline }: Run): Promise<void> {
  if (!options.resume || timeline === undefined || output.isEmpty) return;
  for await (const entry of readEntries(output.path, file)) timeline.add(entry);
}

async function writeSteps(
  steps: AsyncIterable<Step>,
  output: ResumableFile,
  format: LineFormat,
  run: Run,
): Promise<void> {
  let saved = Number.NEGATIVE_INFINITY; // the first at once, so that there is something to go on with
  try {
    for await (const { entry, position } of steps) {
      if (entry !== undefined) {
        note(entry, run);
        await output.write(format.lines(entry));
      }
      // A video that is being drawn on cannot be continued: it is begun again.
      if (position.video === undefined || run.tools.annotations === undefined) output.mark(position);
      if (performance.now() - saved < SAVE_EVERY) continue;
      await output.save();
      saved = performance.now();
    }
  } finally {
    await output.save();
  }
}

/** Why the run ended, with what to do next. */
function stopped(cause: unknown): Error {
  const hint = 'the same command with --resume goes on from here';
  return Object.assign(new Error('stopped', { cause }), { name: 'AbortError', hint });
}
