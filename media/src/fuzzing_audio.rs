//! What the fuzz targets of the audio half run: parsers, on whatever bytes there are.
