# SPDX-License-Identifier: Apache-2.0
# cmake -DOUT=presets.cc -DFILES=a.toml;b.toml -P EmbedFiles.cmake Writes a source file with the files' bytes, for
# src/model/presets.h.
set(source "// SPDX-License-Identifier: Apache-2.0\n// Made from configs/*.toml by cmake/EmbedFiles.cmake.\n#include \"model/presets.h\"\n\n")
string(APPEND source "namespace bittern {\n\nstd::span<const Preset> Presets() {\n")
string(APPEND source "  static constexpr Preset kPresets[] = {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND source "      {\"${name}\", R\"~toml~(${text})~toml~\"},\n")
endforeach()
string(APPEND source "  };\n  return kPresets;\n}\n\n}  // namespace bittern\n")
file(WRITE ${OUT} "${source}")
