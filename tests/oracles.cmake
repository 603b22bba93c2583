# Parsers to hold ours against, where the system has them: libhttp-parser-dev and node-llhttp, whose
# C files are compiled from where the package puts them. Tests of src/http also see its private
# headers.
find_path(HTTP_PARSER_INCLUDE http_parser.h)
find_library(HTTP_PARSER_LIB http_parser)
find_path(LLHTTP_INCLUDE llhttp.h PATHS /usr/share/include/llhttp)
find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)

add_library(framing_oracles STATIC oracles/framing.c oracles/probes.c)
target_include_directories(framing_oracles
  PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/src/http)
target_link_libraries(framing_oracles PUBLIC http)
if(HTTP_PARSER_INCLUDE AND HTTP_PARSER_LIB)
  target_compile_definitions(framing_oracles PRIVATE HAVE_HTTP_PARSER)
  target_link_libraries(framing_oracles PUBLIC ${HTTP_PARSER_LIB})
endif()
if(LLHTTP_INCLUDE AND LLHTTP_SOURCES)
  add_library(llhttp_system STATIC
    ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c ${LLHTTP_SOURCES}/llhttp.c)
  target_include_directories(llhttp_system SYSTEM PUBLIC ${LLHTTP_INCLUDE})
  target_compile_options(llhttp_system PRIVATE -w)
  set_target_properties(llhttp_system PROPERTIES C_CLANG_TIDY "")
  target_sources(framing_oracles PRIVATE oracles/llhttp_oracle.c)
  target_compile_definitions(framing_oracles PRIVATE HAVE_LLHTTP)
  target_link_libraries(framing_oracles PUBLIC llhttp_system)
endif()

foreach(program test_http_head test_http_chunked test_framing test_http_budget test_http_server
                fuzz_http_head)
  if(TARGET ${program})
    target_link_libraries(${program} PRIVATE framing_oracles)
  endif()
endforeach()
