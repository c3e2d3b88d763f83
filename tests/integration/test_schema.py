"""The JSON Schemas in config/schema fit the documents that admin APIs write, and `policy check`'s opinion of them."""
import json

import jsonschema
import pytest

from support.tools import ROOT

SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "config" / "schema").glob("*.json")}
FIXTURES = ROOT / "tests" / "fixtures"


def validator(name):
    store = {schema["$id"]: schema for schema in SCHEMAS.values()}
    resolver = jsonschema.RefResolver.from_schema(SCHEMAS[name], store=store)
    return jsonschema.Draft202012Validator(SCHEMAS[name], resolver=resolver)


def faults(name, document):
    return ["/".join(map(str, fault.absolute_path)) + ": " + fault.message
            for fault in validator(name).iter_errors(document)]


def documents():
    """Every good document under tests/fixtures, and what the small set in config/policy says in JSON."""
    for path in sorted((FIXTURES / "policies").glob("*/*/*.json")):
        yield path.parent.name, path
    for path in sorted((FIXTURES / "cleanmail").glob("*.json")):
        yield path.name.split("_")[0], path
    for path in sorted((FIXTURES / "opensrs").glob("*.json")):
        if "broken" not in path.name:
            yield "opensrs", path


def test_there_is_a_schema_of_every_type_and_each_is_one():
    assert set(SCHEMAS) == {"domain", "user", "policy", "platform", "wblist", "attachments", "uris", "groups", "dkim",
                            "opensrs", "mailfrom", "identity", "smarthost"}
    for name, schema in SCHEMAS.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        for example in schema["examples"]:
            assert faults(name, example) == [], name


@pytest.mark.parametrize("name, path", [pytest.param(*one, id=str(one[1].relative_to(FIXTURES)))
                                        for one in documents()])
def test_the_documents_that_admin_apis_write_fit(name, path):
    document = json.loads(path.read_text())
    # The API answers single rules where a document is a list of them.
    if name in ("wblist", "attachments", "uris", "groups") and isinstance(document, dict):
        document = [document]
    assert faults(name, document) == []


@pytest.mark.parametrize("name, change", [
    ("domain", {"status": "ASLEEP"}), ("domain", {"name": None}), ("domain", {"senderVerifyOn": "yes"}),
    ("domain", {"deletionDate": "tomorrow"}), ("domain", {"domainAliases": [{}]}),
    ("user", {"policy": {"spamScore": "5"}}), ("user", {"platform": {"transportPort": 70000}}),
    ("policy", {"mailSizeLimit": 8.5}), ("policy", {"quarantineProps": {"duration": -1}}),
    ("platform", {"transportType": "TLS"}), ("platform", {"transportDest": ""}),
    ("smarthost", {"secureConnection": "Plane"}), ("identity", {"VerificationStatus": "Perhaps"}),
])
def test_what_does_not_decode_does_not_fit(name, change):
    assert faults(name, {**SCHEMAS[name]["examples"][0], **change}) != []


@pytest.mark.parametrize("name, change", [
    ("domain", {"id": 5, "status": "enabled", "externalId": None, "mfaType": "x"}),
    ("domain", {"policy": None, "platforms": None, "deletionDate": 1774457725, "purgeDate": "2026-05-25"}),
    ("platform", {"transportType": "smtps-may", "authData": "", "apiData": {"a": 1}, "fallbackTransportDest": ""}),
    ("policy", {"quarantineProps": None, "mailSizeLimit": None, "relayProps": {"spamScoreLimit": None}}),
    ("smarthost", {"authenticationEnabled": "true", "instanceID": 1234568790, "secureConnection": "starttls"}),
    ("identity", {"VerificationStatus": "TEMPORARY_FAILURE", "VerificationToken": None}),
    ("mailfrom", {"mailFromDomainStatus": "SUCCESS"}),
])
def test_the_quirks_of_the_apis_fit(name, change):
    assert faults(name, {**SCHEMAS[name]["examples"][0], **change}) == []


def test_names_with_blanks_in_them_fit():
    assert faults("opensrs", {"service_ smtprelay": "suspended", "default_ password_encoding": "BCRYPT"}) == []
