# The Debian package `postern`: what is installed where, and CPack's fields. scripts/package makes it.
# Packing builds nothing by itself: scripts/package has built the programs, and the tests are not packed.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(packaging ${PROJECT_SOURCE_DIR}/packaging)
set(documents share/doc/postern)

# gzipped FROM NAME DIRECTORY: packed without a time stamp, so that the package is the same tomorrow.
function(gzipped from name directory)
  execute_process(COMMAND gzip -9nc ${from} OUTPUT_FILE ${PROJECT_BINARY_DIR}/${name}.gz
    COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.gz DESTINATION ${directory})
endfunction()
configure_file(${packaging}/changelog.in ${PROJECT_BINARY_DIR}/changelog @ONLY)
# The version has no Debian revision: a native package, whose changelog is called plainly so.
gzipped(${PROJECT_BINARY_DIR}/changelog changelog ${documents})
gzipped(${PROJECT_SOURCE_DIR}/CHANGELOG.md NEWS.md ${documents})
install(FILES ${packaging}/copyright DESTINATION ${documents})
install(FILES ${packaging}/lintian-overrides DESTINATION share/lintian/overrides RENAME postern)

install(FILES config/postern.yml DESTINATION /etc/postern PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES systemd/posternd.service DESTINATION /lib/systemd/system)
install(FILES systemd/postern.sysusers DESTINATION lib/sysusers.d RENAME postern.conf)
install(FILES systemd/postern.tmpfiles DESTINATION lib/tmpfiles.d RENAME postern.conf)
install(DIRECTORY config/postfix config/redis config/policy config/schema DESTINATION share/postern
  PATTERN apply EXCLUDE)
install(PROGRAMS config/postfix/apply DESTINATION share/postern/postfix)
install(FILES README.md DESTINATION ${documents})
file(GLOB manuals CONFIGURE_DEPENDS docs/*.md)
install(FILES ${manuals} DESTINATION ${documents})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME postern)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR OFF)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Postern authors <postern@example.org>")
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles, init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "postfix, publicsuffix")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "redis-server, rspamd, spamd, clamav-daemon")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "mail policy daemon for Postfix")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "A milter and the Postfix lookup tables beside it. An admin API decides about\ndomains and mailboxes; Postern carries that out on every message: reject,\ntag, quarantine, sign, route. This package holds the daemon, posternd, and\nthe operator's command, posternctl.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${packaging}/postinst ${packaging}/prerm ${packaging}/postrm ${packaging}/conffiles)
include(CPack)
