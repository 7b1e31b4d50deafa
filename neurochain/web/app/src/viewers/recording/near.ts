/** Whether a file lies on a disk here, so that reading all of it costs no transfer. */
export const isNear = (uri: string): boolean => !uri.includes("://") || uri.startsWith("file://");
