// Stands for zarrita, which NiiVue reads Zarr with: here the server reads it, and a megabyte of codecs stays out of the page.
const none = (): never => {
  throw new Error("Zarr is read by the server.");
};

export { none as FetchStore, none as get, none as open, none as root, none as slice };
