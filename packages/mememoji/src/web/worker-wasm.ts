/** The worker for the processor. Two files, so that a page loads only the build of ONNX Runtime that it uses. */
import * as runtime from 'onnxruntime-web/wasm';
import { serve } from './serve.ts';

serve(runtime, 'wasm');
