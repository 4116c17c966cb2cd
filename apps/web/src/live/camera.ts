import { AppError } from '../app-error.ts';
import type { TextKey } from '../i18n/language.ts';

/** What the browser's refusals mean (Media Capture and Streams, 9.2). */
const REFUSALS: Readonly<Record<string, TextKey>> = {
  NotAllowedError: 'camera.denied',
  SecurityError: 'camera.denied',
  NotFoundError: 'camera.none',
  OverconstrainedError: 'camera.none',
  NotReadableError: 'camera.busy',
  AbortError: 'camera.busy',
};

/**
 * Asks for a camera; pictures only, never sound.
 * @param deviceId of one camera, or nothing for the one that looks at the person.
 * @throws AppError that says why there is none.
 */
export async function openCamera(deviceId: string | undefined): Promise<MediaStream> {
  if (navigator.mediaDevices === undefined) throw new AppError('camera.insecure');
  const which = deviceId === undefined ? { facingMode: 'user' } : { deviceId: { exact: deviceId } };
  const video = { ...which, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : '';
    throw new AppError(REFUSALS[name] ?? 'camera.busy', { cause });
  }
}

export interface Camera {
  id: string;
  name: string;
}

/** The cameras of the device; their names are known only after one was allowed. */
export async function listCameras(): Promise<Camera[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const cameras = devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
  return cameras.map(({ deviceId, label }, i) => ({ id: deviceId, name: label || `${i + 1}` }));
}
