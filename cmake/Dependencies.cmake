# Every third-party library, all from Debian 12; docs/dependencies.md says what each is for.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(SQLiteCpp REQUIRED)
find_package(CURL REQUIRED)
find_package(pugixml REQUIRED)

pkg_check_modules(yaml_cpp REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(gmime REQUIRED IMPORTED_TARGET gmime-3.0)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(opendkim REQUIRED IMPORTED_TARGET opendkim)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(psl REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(archive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(magic REQUIRED IMPORTED_TARGET libmagic)

# libspf2 and libmilter have no pkg-config file.
find_library(SPF2_LIBRARY spf2 REQUIRED)
find_path(SPF2_INCLUDE_DIR spf2/spf.h REQUIRED)
add_library(spf2::spf2 UNKNOWN IMPORTED)
set_target_properties(spf2::spf2 PROPERTIES
  IMPORTED_LOCATION ${SPF2_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${SPF2_INCLUDE_DIR})

find_library(MILTER_LIBRARY milter REQUIRED)
find_path(MILTER_INCLUDE_DIR libmilter/mfapi.h REQUIRED)
add_library(milter::milter UNKNOWN IMPORTED)
set_target_properties(milter::milter PROPERTIES
  IMPORTED_LOCATION ${MILTER_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${MILTER_INCLUDE_DIR}
  INTERFACE_LINK_LIBRARIES Threads::Threads)
