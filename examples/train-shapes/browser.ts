/**
 * Trains in the browser and draws the loss. Address: ?device=wasm|webgpu (default wasm), &steps=N (default 400).
 * Run: npx vite examples/train-shapes, or npx vite build examples/train-shapes and any static server on its dist folder.
 */
/// <reference types="vite/client" />
import type { SessionFactory } from '@mememoji/graph/session';
import webgpuModule from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import webgpuBinary from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import wasmModule from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasmBinary from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import { sessionsOf } from './ort-session.ts';
import { testAccuracy, train } from './train.ts';

const address = new URLSearchParams(location.search);
const steps = Number(address.get('steps') ?? 400);
const status = find('status', HTMLOutputElement);
const losses = find('losses', HTMLTextAreaElement);
const curve = document.querySelector<SVGPolylineElement>('#curve')!;

run().catch((error: unknown) => {
  status.value = `Failed: ${error instanceof Error ? error.message : String(error)}`;
});

async function run(): Promise<void> {
  const createSession = await createDevice(address.get('device') ?? 'wasm');
  losses.value = 'step,loss\n';
  const values = await train(createSession, { steps, onStep: show });
  const accuracy = await testAccuracy(createSession, values);
  status.value = `Done: ${(100 * accuracy).toFixed(1)}% of 600 new pictures are named rightly`;
}

/** Sessions on the processor or the graphics card; only the runtime that is asked for is loaded. */
async function createDevice(device: string): Promise<SessionFactory> {
  if (device === 'webgpu') {
    const ort = await import('onnxruntime-web/webgpu');
    ort.env.wasm.wasmPaths = { mjs: webgpuModule, wasm: webgpuBinary };
    return sessionsOf(ort, { executionProviders: ['webgpu'] });
  }
  const ort = await import('onnxruntime-web/wasm');
  ort.env.wasm.wasmPaths = { mjs: wasmModule, wasm: wasmBinary };
  // More threads need a page that is isolated from other origins (COOP and COEP headers).
  ort.env.wasm.numThreads = 1;
  return sessionsOf(ort, { executionProviders: ['wasm'] });
}

/** Adds a step to the curve, then lets the page be drawn. */
async function show(step: number, loss: number): Promise<void> {
  status.value = `Step ${step} of ${steps}: loss ${loss.toFixed(4)}`;
  losses.value += `${step},${loss}\n`;
  curve.setAttribute('points', `${curve.getAttribute('points')} ${step / steps},${Math.max(1.5 - loss, 0)}`);
  await new Promise((resume) => setTimeout(resume, 0));
}

function find<T extends Element>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${id}`);
  return element;
}
