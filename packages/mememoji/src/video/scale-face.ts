import type { Face, Landmarks, Point } from '@mememoji/vision/result';

/** A face of a picture that was `scale` times as large. */
export function scaleFace(face: Face, scale: number): Face {
  if (scale === 1) return face;
  const { x, y, width, height } = face.box;
  const box = { x: scale * x, y: scale * y, width: scale * width, height: scale * height };
  return { ...face, box, landmarks: scaleLandmarks(face.landmarks, scale) };
}

function scaleLandmarks({ rightEye, leftEye, nose, mouth, rightEar, leftEar }: Landmarks, scale: number): Landmarks {
  const point = ({ x, y }: Point): Point => ({ x: scale * x, y: scale * y });
  return {
    rightEye: point(rightEye),
    leftEye: point(leftEye),
    nose: point(nose),
    mouth: point(mouth),
    rightEar: point(rightEar),
    leftEar: point(leftEar),
  };
}
