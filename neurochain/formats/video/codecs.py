"""Codecs: what containers call them, and what libavcodec does."""

import struct

from neurochain.errors import FormatError
from neurochain.formats.video.track import Codec

__all__ = ["INTRA", "REORDERING", "SPARE", "of_bitmap", "of_box", "of_matroska"]

BOXES = {
    **dict.fromkeys(["avc1", "avc2", "avc3", "avc4", "dva1", "dvav"], "h264"),
    **dict.fromkeys(["hvc1", "hev1", "dvh1", "dvhe"], "hevc"),
    **dict.fromkeys(["jpeg", "mjpa", "AVDJ", "mjpg"], "mjpeg"),
    **dict.fromkeys(["mjp2"], "jpeg2000"),
    **dict.fromkeys(["apch", "apcn", "apcs", "apco", "ap4h", "ap4x"], "prores"),
    "av01": "av1",
    "vp08": "vp8",
    "vp09": "vp9",
    "mp4v": "mpeg4",
    "png ": "png",
    "FFV1": "ffv1",
    "s263": "h263",
    "v210": "v210",
}
"""Sample entries of ISO base media and QuickTime files."""

BITMAPS = {
    **dict.fromkeys(["H264", "AVC1", "X264", "DAVC", "VSSH"], "h264"),
    **dict.fromkeys(["HEVC", "HVC1", "H265", "X265", "HEV1"], "hevc"),
    **dict.fromkeys(["FMP4", "DIVX", "DX50", "XVID", "MP4V", "MP4S", "M4S2", "3IV2", "SEDG", "RMP4", "BLZ0"], "mpeg4"),
    **dict.fromkeys(["MJPG", "AVRN", "JPGL", "LJPG", "DMB1", "QIVG", "SLMJ", "AVDJ", "ACDV"], "mjpeg"),
    **dict.fromkeys(["DVSD", "DVHD", "DVSL", "DV25", "DV50", "DVCP", "CDVC"], "dvvideo"),
    **dict.fromkeys(["DIV3", "MP43", "DIV4", "DIV5", "DIV6", "MPG3", "COL1"], "msmpeg4v3"),
    **dict.fromkeys(["MP42", "DIV2"], "msmpeg4v2"),
    **dict.fromkeys(["MPG1", "MPEG"], "mpeg1video"),
    **dict.fromkeys(["MPG2", "MP2V"], "mpeg2video"),
    **dict.fromkeys(["ULRG", "ULRA", "ULY0", "ULY2", "ULY4", "ULH0", "ULH2", "ULH4"], "utvideo"),
    "MJ2C": "jpeg2000",
    "FFV1": "ffv1",
    "FFVH": "ffvhuff",
    "HFYU": "huffyuv",
    "LAGS": "lagarith",
    "MPNG": "png",
    "PNG1": "png",
    "WMV1": "wmv1",
    "WMV2": "wmv2",
    "WMV3": "wmv3",
    "WVC1": "vc1",
    "VP80": "vp8",
    "VP90": "vp9",
    "AV01": "av1",
    "CVID": "cinepak",
}  # fmt: skip
"""``biCompression`` of AVI, and of what Matroska takes over from it."""

MATROSKA = {
    "V_MPEG4/ISO/AVC": "h264",
    "V_MPEGH/ISO/HEVC": "hevc",
    "V_MPEG4/ISO/SP": "mpeg4",
    "V_MPEG4/ISO/ASP": "mpeg4",
    "V_MPEG4/ISO/AP": "mpeg4",
    "V_MPEG4/MS/V3": "msmpeg4v3",
    "V_MPEG1": "mpeg1video",
    "V_MPEG2": "mpeg2video",
    "V_MJPEG": "mjpeg",
    "V_JPEG2000": "jpeg2000",
    "V_PRORES": "prores",
    "V_THEORA": "theora",
    "V_FFV1": "ffv1",
    "V_VP8": "vp8",
    "V_VP9": "vp9",
    "V_AV1": "av1",
    "V_PNG": "png",
}
"""Codec IDs of Matroska: https://www.matroska.org/technical/codec_specs.html"""

RAW = {
    **dict.fromkeys(["Y800", "Y8  ", "GREY"], "gray"),
    **dict.fromkeys(["I420", "IYUV", "yuv4"], "yuv420p"),
    **dict.fromkeys(["YUY2", "YUYV", "yuvs"], "yuyv422"),
    **dict.fromkeys(["UYVY", "2vuy", "Y422"], "uyvy422"),
    **dict.fromkeys(["Y16 ", "Y1\x00\x10"], "gray16le"),
    "NV12": "nv12",
    "RGB\x18": "rgb24",
    "BGR\x18": "bgr24",
}
"""Pixels that are not coded."""

BY_DEPTH = {8: "pal8", 24: "bgr24", 32: "bgr0"}  # of AVI, where no name is said

INTRA = frozenset(
    [
        "mjpeg",
        "jpeg2000",
        "png",
        "rawvideo",
        "ffvhuff",
        "huffyuv",
        "utvideo",
        "lagarith",
        "prores",
        "dvvideo",
        "v210",
    ]
)
"""Each packet is a picture of its own, whatever an index says."""

REORDERING = frozenset(["h264", "hevc", "mpeg4", "mpeg1video", "mpeg2video", "vc1", "wmv3"])
"""Pictures may be shown in another order than the packets have."""

SPARE = frozenset(["h264", "mpeg4", "mpeg1video", "mpeg2video"])
"""Pictures that nothing refers to are told by their packets, and can be left out exactly."""

MPEG4_OBJECTS = {
    0x20: "mpeg4",
    **dict.fromkeys(range(0x60, 0x66), "mpeg2video"),
    0x6A: "mpeg1video",
    0x6C: "mjpeg",
    0x6D: "png",
}
CHROMA = ("gray", "yuv420p", "yuv422p", "yuv444p")
H264_SUBSAMPLED = frozenset([66, 77, 88])  # profiles of 4:2:0 and 8 bits alone
AVC_HIGH = frozenset([100, 110, 122, 144, 244])


def of_box(kind: str, boxes: dict[str, bytes], depth: int) -> Codec:
    """Codec of a sample entry, from its kind and the boxes in it."""
    if kind in ("encv", "drmi"):
        raise FormatError("its frames are encrypted")
    if kind in RAW or kind == "raw ":
        pixels = RAW.get(kind) or {24: "rgb24", 32: "argb", 40: "gray", 8: "gray"}.get(depth)
        if pixels is None:
            raise FormatError(f"its frames are raw pixels of {depth} bits, which are not read")
        return Codec("rawvideo", pixels=pixels)
    name = BOXES.get(kind, kind)
    if name == "h264":
        extra = boxes.get("avcC", b"")
        return Codec(name, extra, pixels=_avc_pixels(extra))
    if name == "hevc":
        extra = boxes.get("hvcC", b"")
        known = len(extra) > 18
        return Codec(name, extra, pixels=_pixels(extra[16] & 3, 8 + (extra[17] & 7)) if known else "")
    if name == "av1":
        extra = boxes.get("av1C", b"")
        return Codec(name, extra, pixels=_av1_pixels(extra))
    if name == "vp9" and len(vpcc := boxes.get("vpcC", b"")) >= 8:
        return Codec(name, pixels=_pixels((1, 1, 2, 3)[min((vpcc[6] >> 1) & 7, 3)], vpcc[6] >> 4))
    if name == "mpeg4":
        kind_of, extra = _descriptors(boxes.get("esds", b"")[4:])
        name = MPEG4_OBJECTS.get(kind_of, f"{kind} 0x{kind_of:02x}") if kind_of else name
        return Codec(name, extra)
    if name == "jpeg2000":
        return Codec(name, boxes.get("jp2h", b""))
    return Codec(name, boxes.get("glbl", b""))


def of_bitmap(header: bytes) -> Codec:
    """Codec of a BITMAPINFOHEADER and what follows it.

    https://learn.microsoft.com/en-us/windows/win32/api/wingdi/ns-wingdi-bitmapinfoheader
    """
    size, _, height, _, depth, compression = struct.unpack("<IiiHH4s", header[:20])
    extra = header[40:] if size >= 40 else b""
    tag = compression.decode("latin-1")
    if compression in (b"\0\0\0\0", b"DIB ", b"RGB "):
        pixels = BY_DEPTH.get(depth)
        if pixels is None:
            raise FormatError(f"its frames are raw pixels of {depth} bits, which are not read")
        return Codec(
            "rawvideo", pixels=pixels, flipped=height > 0, palette=extra[:1024] if depth == 8 else b""
        )
    if tag in RAW:
        return Codec("rawvideo", pixels=RAW[tag])
    return Codec(BITMAPS.get(tag.upper(), tag.strip("\0 ")), extra)


def of_matroska(kind: str, private: bytes, colours: str) -> Codec:
    """Codec of a Matroska track, from its CodecID, CodecPrivate and UncompressedFourCC."""
    if kind == "V_MS/VFW/FOURCC":
        if len(private) < 40:
            raise FormatError(
                f"its codec is described by {len(private)} bytes, and a BITMAPINFOHEADER has 40"
            )
        return of_bitmap(private)
    if kind == "V_UNCOMPRESSED":
        if colours not in RAW:
            raise FormatError(f"its frames are raw pixels of the kind {colours!r}, which are not read")
        return Codec("rawvideo", pixels=RAW[colours])
    name = MATROSKA.get(kind, kind)
    pixels = {"h264": _avc_pixels, "av1": _av1_pixels}.get(name)
    return Codec(name, private, pixels=pixels(private) if pixels is not None else "")


def _pixels(chroma: int, depth: int) -> str:
    """Name of a pixel format of Y'CbCr."""
    name = CHROMA[chroma] if 0 <= chroma < len(CHROMA) else ""
    if not name or depth == 8:
        return name
    return f"{name}{depth}le" if depth in (9, 10, 12, 14, 16) else ""


def _avc_pixels(avcc: bytes) -> str:
    """Of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1); empty where it does not say."""
    if len(avcc) < 7:
        return ""
    if avcc[1] in H264_SUBSAMPLED:
        return "yuv420p"
    if avcc[1] not in AVC_HIGH:
        return ""
    at = 5
    for mask in (0x1F, 0xFF):  # sequence, then picture parameter sets
        count = avcc[at] & mask if at < len(avcc) else 0
        at += 1
        for _ in range(count):
            if at + 2 > len(avcc):
                return ""
            at += 2 + int.from_bytes(avcc[at : at + 2], "big")
    return _pixels(avcc[at] & 3, 8 + (avcc[at + 1] & 7)) if at + 2 <= len(avcc) else ""


def _av1_pixels(av1c: bytes) -> str:
    """Of an AV1CodecConfigurationRecord; empty where there is none."""
    if len(av1c) < 4:
        return ""
    flags = av1c[2]
    depth = (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    chroma = 0 if flags & 0x10 else {0b11: 1, 0b10: 2, 0b00: 3}.get((flags >> 2) & 3, -1)
    return _pixels(chroma, depth)


def _descriptors(data: bytes) -> tuple[int, bytes]:
    """Kind of object and DecoderSpecificInfo of an elementary stream descriptor (ISO/IEC 14496-1, 7.2.6)."""
    at, kind = 0, 0
    while at + 2 <= len(data):
        tag, at, length = data[at], at + 1, 0
        for _ in range(4):
            if at >= len(data):
                return kind, b""
            byte = data[at]
            at += 1
            length = length << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        if tag == 3:  # ES_Descriptor: its own fields, then others inside
            flags = data[at + 2] if at + 3 <= len(data) else 0
            at += 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
        elif tag == 4:
            kind = data[at] if at < len(data) else 0
            at += 13
        elif tag == 5:
            return kind, data[at : at + length]
        else:
            at += length
    return kind, b""
