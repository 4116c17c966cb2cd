import * as ort from 'onnxruntime-node';
const files = process.argv.slice(2);
const ss = await Promise.all(files.map((f) => ort.InferenceSession.create(f, { intraOpNumThreads: 1, graphOptimizationLevel: 'all' })));
for (const b of [1, 32]) {
  const best = files.map(() => [] as number[]);
  const x = new ort.Tensor('float32', Float32Array.from({ length: b * 1600 }, () => Math.random() * 255), [b, 1, 40, 40]);
  for (let r = 0; r < 7; r++) for (const [i, s] of ss.entries()) {
    const n = b === 1 ? 40 : 4; await s.run({ pixels: x });
    const t = performance.now(); for (let k = 0; k < n; k++) await s.run({ pixels: x }); best[i]!.push((performance.now() - t) / n / b);
  }
  console.log(b, files.map((f, i) => f.split('/').slice(-2).join('/') + ' ' + best[i]!.sort((a, b) => a - b)[1]!.toFixed(3)).join('   '));
}
