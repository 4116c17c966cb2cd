import type { Report } from './report.ts';

/** A line of a list of what is known. */
export interface Fact {
  name: string;
  value: string;
}

/** Time and size, and on what machine the time was measured. */
export function costFacts({ latency, model, environment }: Report): Fact[] {
  const { platform, processor, cores, load, node, onnxruntime } = environment;
  return [
    ...latency.map(({ batch, milliseconds, p10, p90, runs }) => ({
      name: batch === 1 ? 'one face at a time' : `${batch} faces at a time`,
      value: `${milliseconds.toFixed(3)} ms per face, median of ${runs} runs (8 in 10 between ${p10.toFixed(3)} and ${p90.toFixed(3)}), one thread`,
    })),
    { name: 'parameters', value: model.parameters.toLocaleString('en') },
    {
      name: 'arithmetic',
      value: `${(model.multiplyAdds / 1e6).toFixed(2)} million multiply-adds per face (${((2 * model.multiplyAdds) / 1e6).toFixed(2)} MFLOP) in convolutions and matrix products`,
    },
    { name: 'file', value: `${model.bytes.toLocaleString('en')} bytes` },
    {
      name: 'machine',
      value: `${processor}, ${cores} cores, ${platform}; ${load.toFixed(1)} processes wanted to run in the minute before`,
    },
    { name: 'software', value: `Node ${node}, ONNX Runtime ${onnxruntime}` },
  ];
}

/** Where model and data come from. */
export function provenanceFacts(report: Report): Fact[] {
  const { model, data, training, created } = report;
  const same = data.sha256 === model.trainingDataHash;
  return [
    { name: 'model', value: `${model.name} ${model.version}, ${model.file}` },
    { name: 'sha256 of the model', value: model.sha256 },
    { name: 'classes', value: model.labels.join(', ') },
    { name: 'input', value: `${model.input.join(' x ')} grey pixels; ${model.normalisation}` },
    { name: 'temperature', value: `${model.temperature}` },
    { name: 'uncertain below', value: `${model.uncertainBelow}` },
    { name: 'training', value: trainingLine(report) },
    ...(training?.status == null ? [] : [{ name: 'status of the run', value: training.status }]),
    { name: 'data', value: `${data.split} of ${data.path}` },
    { name: 'sha256 of the data', value: data.sha256 },
    { name: 'trained on', value: same ? 'Training of the same data' : `data with sha256 ${model.trainingDataHash}` },
    { name: 'measured', value: created },
  ];
}

function trainingLine({ model, training }: Report): string {
  const parts = [`run ${model.run}`, `seed ${model.seed}`, counted(model.epochs, 'epoch'), model.date];
  if (training?.trainingSamples != null) parts.push(counted(training.trainingSamples, 'picture'));
  if (training?.seconds != null) parts.push(counted(Math.ceil(training.seconds / 60), 'minute'));
  return parts.join(', ');
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** The recipe in the model file, laid out to be read; as it is if it is no JSON. */
export function recipeText({ model }: Report): string {
  try {
    return JSON.stringify(JSON.parse(model.recipe), undefined, 2);
  } catch {
    return model.recipe;
  }
}
