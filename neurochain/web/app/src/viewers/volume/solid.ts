// The volume in three dimensions, by NiiVue, which is loaded with this file and not before.
import { NVImage, Niivue, SLICE_TYPE } from "@niivue/niivue";
import { type MapName, colours } from "../colours";
import type { Held } from "./held";
import { coarser, levels } from "./levels";
import { file } from "./nifti";
import type { Affine, Vec3 } from "./space";

export interface Body {
  held: Held;
  affine: Affine | null;
  sizes: readonly number[];
  labels: boolean;
  map: MapName;
  window: [number, number];
}

const DENSE = 150; // of 255: how much of what lies behind the brightest voxels is hidden
const CLEAR = 1.8; // power: what is dark hides little
const NEAR = 1.35; // times as large as what is seen from every side
const WIDE = 8; // bytes of a voxel that is too exact to be drawn as it is

export class Solid {
  #nv: Niivue;
  #plain = false; // whether values are coloured while they are drawn
  #maps = new Set<string>();

  private constructor(nv: Niivue) {
    this.#nv = nv;
  }

  /** On a canvas; `turned` hears of the angles when somebody has turned it. */
  static async on(canvas: HTMLCanvasElement, turned: (azimuth: number, elevation: number) => void): Promise<Solid> {
    const nv = new Niivue({
      backColor: [0, 0, 0, 1],
      show3Dcrosshair: true,
      crosshairColor: [0.37, 0.84, 0.88, 0.9],
      crosshairWidth: 0.8,
      crosshairWidthUnit: "percent",
      dragAndDropEnabled: false,
      viewModeHotKey: "",
      clipPlaneHotKey: "",
      isOrientationTextVisible: false,
      isOrientCube: false,
      loadingText: "",
      logLevel: "silent",
      sliceType: SLICE_TYPE.RENDER,
    });
    await nv.attachToCanvas(canvas);
    nv.setSliceType(SLICE_TYPE.RENDER);
    nv.setScale(NEAR);
    nv.onAzimuthElevationChange = turned;
    return new Solid(nv);
  }

  /** Show a volume, and what lies over it. */
  async show(below: Body, over: (Body & { opacity: number }) | null): Promise<void> {
    const nv = this.#nv;
    const images = [await this.#image(below, 1)];
    if (over && over.opacity > 0) images.push(await this.#image(over, over.opacity));
    for (const old of [...nv.volumes]) nv.removeVolume(old);
    for (const one of images) nv.addVolume(one);
    this.#plain = this.#isPlain(below);
    nv.updateGLVolume();
  }

  /** Between other values, and in other colours. */
  paint(window: [number, number], map: MapName): void {
    const [image] = this.#nv.volumes;
    if (!image || !this.#plain || map === "labels") return;
    [image.cal_min, image.cal_max] = window;
    image.colormap = this.#map(map);
    this.#nv.updateGLVolume();
  }

  /** The point that is looked at, in millimetres. */
  look(at: Vec3): void {
    if (!this.#nv.volumes.length) return;
    this.#nv.scene.crosshairPos = this.#nv.mm2frac(at);
    this.#nv.drawScene();
  }

  turn(azimuth: number, elevation: number): void {
    this.#nv.setRenderAzimuthElevation(azimuth, elevation);
  }

  get angles(): [azimuth: number, elevation: number] {
    return [this.#nv.scene.renderAzimuth, this.#nv.scene.renderElevation];
  }

  close(): void {
    this.#nv.cleanup();
    this.#nv.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  /** Whether the server's file is drawn as it is: else levels of colour are made of it first. */
  #isPlain({ held, labels }: Body): boolean {
    return held.file !== null && !labels && !held.channels && held.data.BYTES_PER_ELEMENT < WIDE;
  }

  async #image(body: Body, opacity: number): Promise<NVImage> {
    const { held, labels } = body;
    const plain = this.#isPlain(body);
    const made = plain || held.channels ? held.file! : file(levels(held, labels, body.window), held.dims, coarser(body.affine, held, body.sizes));
    const [low, high] = plain ? body.window : [0, 255];
    const looks = held.channels ? {} : { colormap: this.#map(labels ? "labels" : body.map), cal_min: low, cal_max: high };
    return NVImage.loadFromUrl({ url: made, name: "volume.nii", opacity, ...looks });
  }

  #map(name: MapName): string {
    const key = `neurochain ${name}`;
    if (!this.#maps.has(key)) {
      const all = colours(name);
      const part = (c: 0 | 1 | 2): number[] => all.map((one) => one[c]);
      const clear = all.map((_, i) => (i === 0 ? 0 : name === "labels" ? 255 : Math.round((i / 255) ** CLEAR * DENSE)));
      this.#nv.addColormap(key, { R: part(0), G: part(1), B: part(2), A: clear, I: all.map((_, i) => i) });
      this.#maps.add(key);
    }
    return key;
  }
}
