/** The worker for the graphics card; see worker-wasm.ts. */
import * as runtime from 'onnxruntime-web/webgpu';
import { serve } from './serve.ts';

serve(runtime, 'webgpu');
