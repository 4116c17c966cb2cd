import { Command, Option } from 'commander';
import type { AnnotationStyle } from 'mememoji/annotate';
import type { DetectionMode } from 'mememoji/detector';
import { analyzeTo } from '../analysis/analyze-to.ts';
import { type AnalyzeOptions, checkOptions } from '../analysis/options.ts';
import type { Context } from '../context.ts';
import { deviceOption, outputOption, wholeNumber, withExamples } from '../options.ts';
import { ENTRY_FORMATS } from '../render-entries.ts';
import { positiveNumber, timeOption } from '../time-options.ts';

/** `mememoji analyze`: the faces of pictures and videos, and their expressions. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('find the faces in pictures and videos and read their expressions')
    .argument('<path...>', 'pictures, videos, folders, patterns such as "photos/*.jpg", addresses of videos, or -')
    .addOption(new Option('--format <format>', 'form of the data').choices(ENTRY_FORMATS).default('table'))
    .addOption(outputOption())
    .option('--resume', 'go on with the --output file of an earlier run; what is done is skipped', false)
    .option('--summary', 'print a summary of each file and face instead of the data', false)
    .option('--raw', 'also write the probabilities before smoothing into CSV', false)
    .option('--six', 'six expressions as in the original Mememoji: disgust is counted as angry', false)
    .option('--recursive', 'look into the folders of folders too', false);
  addVideoOptions(command);
  addPictureOutputs(command);
  command
    .addOption(detectionOption())
    .option(
      '--model <name|file>',
      "another model than the shipped one, by its name in 'mememoji models list' or its file",
    )
    .addOption(deviceOption())
    .option(
      '--jobs <number>',
      'pictures that are read at the same time, each in a thread of its own',
      wholeNumber(1),
      1,
    )
    .option('--threads <number>', 'processor threads; by default 2, with --jobs 1 for each', wholeNumber(1))
    .action((paths: string[], options: AnalyzeOptions) => {
      checkOptions(options);
      return analyzeTo(paths, options, context);
    });
  return withExamples(command, [
    'mememoji analyze photo.jpg',
    'mememoji analyze photos --recursive --jobs 2 --format csv --output faces.csv',
    'mememoji analyze talk.mp4 --from 1:30 --to 2:00 --format csv --output talk.csv --report talk.html',
    'mememoji analyze talk.mp4 --annotate drawn --style memes --summary',
    'curl -s https://example.org/photo.jpg | mememoji analyze - --format json',
  ]);
}

/** Frames of videos are looked at as `video` does, whatever is said. */
function detectionOption(): Option {
  const modes: DetectionMode[] = ['photo', 'thorough', 'video'];
  const text = 'how faces are looked for in pictures: as many looks as it takes, always three, or a single small one';
  return new Option('--detection <mode>', text).choices(modes).default('photo');
}

function addVideoOptions(command: Command): void {
  command
    .option('--frames', 'take each folder for one video, whose frames are the pictures in it', false)
    .option('--every <number>', 'of a video, only each so-many-th frame', wholeNumber(1))
    .option('--fps <number>', 'of a video, at most so many frames a second', positiveNumber)
    .option('--from <time>', 'of a video, frames from this time on: seconds or hh:mm:ss', timeOption)
    .option('--to <time>', 'of a video, frames before this time: seconds or hh:mm:ss', timeOption);
}

function addPictureOutputs(command: Command): void {
  const styles: AnnotationStyle[] = ['boxes', 'memes'];
  command
    .option('--annotate <folder>', 'write the pictures and videos there, with what was read drawn into them')
    .addOption(new Option('--style <style>', 'how --annotate draws').choices(styles).default('boxes'))
    .option('--plot <file>', 'draw the timeline of each face of the videos into an .svg or .png file')
    .option('--report <file>', 'write a page with summaries, timelines and a player of the videos')
    .option('--embed', 'put pictures and videos into the page of --report', false);
}
