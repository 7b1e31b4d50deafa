// What /media/video/info says.

export interface VideoInfo {
  frames: number;
  width: number;
  height: number;
  frame_rate: number | null;
  is_variable: boolean;
  start: number; // s, of the first frame
  duration: number;
  rotation: number;
  codec: string;
  format: string;
  type: string;
  playable: boolean;
  why: string;
}
