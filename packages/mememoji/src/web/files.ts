import type { Device } from './ort-session.ts';

/** Absolute addresses of the files that an analyzer needs. */
export interface FileUrls {
  detector: string;
  model: string;
  /** ONNX Runtime: its script and its WebAssembly. */
  runtime: Record<Device, { script: string; binary: string }>;
}

/** Names of the files in a folder of one's own; see `baseUrl`. */
const NAMES: FileUrls = {
  detector: 'face-detector.onnx',
  model: 'mememoji.onnx',
  runtime: {
    wasm: { script: 'ort-wasm-simd-threaded.mjs', binary: 'ort-wasm-simd-threaded.wasm' },
    webgpu: { script: 'ort-wasm-simd-threaded.asyncify.mjs', binary: 'ort-wasm-simd-threaded.asyncify.wasm' },
  },
};

/** @param baseUrl folder with all files, or nothing for those that a bundler put beside the page's scripts. */
export function locateFiles(baseUrl: string | undefined): FileUrls {
  if (baseUrl === undefined) return packagedFiles();
  const folder = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`, location.href);
  const at = (name: string) => new URL(name, folder).href;
  const both = ({ script, binary }: { script: string; binary: string }) => ({ script: at(script), binary: at(binary) });
  const { wasm, webgpu } = NAMES.runtime;
  return {
    detector: at(NAMES.detector),
    model: at(NAMES.model),
    runtime: { wasm: both(wasm), webgpu: both(webgpu) },
  };
}

/** Bundlers copy each file that stands in exactly this expression, and write its new address here. */
function packagedFiles(): FileUrls {
  return {
    detector: new URL('../../models/face-detector.onnx', import.meta.url).href,
    model: new URL('../../models/mememoji.onnx', import.meta.url).href,
    runtime: {
      wasm: {
        script: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
        binary: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
      },
      webgpu: {
        script: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url).href,
        binary: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
      },
    },
  };
}
