/** Gives a drawn person's lesson in the browser's own lab, and prints what came of it as JSON. */
import { posedFaces } from '../../../../test/drawn-faces.ts';
import { Lab } from '../../src/lab/lab.ts';
import { toExamples } from '../../src/teach/face-samples.ts';

const each = 4;
const memoryWeight = 3;

async function run(): Promise<string> {
  const lab = await Lab.open();
  const { labels } = lab.spec;
  const samples = posedFaces([...labels.keys()], each).map(({ label, ...rest }) => ({
    ...rest,
    expression: labels[label]!,
  }));
  const losses: number[] = [];
  const start = performance.now();
  const request = { memoryWeight, examples: await toExamples(samples, lab), when: new Date('2026-03-01T12:00:00Z') };
  const { heldOut, remembered } = await lab.teach(request, ({ loss }) => losses.push(loss));
  const seconds = (performance.now() - start) / 1000;
  const { expression, probabilities, features = [], gradcam } = await lab.explain(samples[0]!.pixels);
  const explained = {
    expression,
    probabilities,
    layers: features.map(({ channels, width }) => [channels, width]),
    gradcam: gradcam && [...gradcam.data],
  };
  lab.close();
  return JSON.stringify({ losses, heldOut, remembered, seconds, explained });
}

const result = document.querySelector('#result')!;
run().then(
  (text) => {
    result.textContent = text;
  },
  (error: unknown) => {
    result.textContent = JSON.stringify({ failed: String(error) });
  },
);
