// What is stored, what comes, and what stands then.
#include "dialects/merge.h"

#include <gmock/gmock.h>

#include "reading.h"

namespace postern::dialects {
namespace {

std::string compact(const std::string& json) {
  std::string text = policy::dump_json(*policy::parse_json(json));
  std::erase_if(text, [](char c) { return c == '\n' || c == ' '; });
  return text;
}

struct Case {
  std::string name;
  Dialect dialect;
  std::string stored;
  std::string fresh;
  std::string merged;
};

class Merge : public testing::TestWithParam<Case> {};

TEST_P(Merge, LeavesWhatTheApiDoesNotSay) {
  const Case& one = GetParam();
  const auto merged =
      merge_import(one.dialect, *policy::parse_json(one.stored), *policy::parse_json(one.fresh));
  EXPECT_EQ(compact(policy::dump_json(merged)), compact(one.merged)) << one.name;
}

INSTANTIATE_TEST_SUITE_P(
    All, Merge,
    testing::Values(
        Case{"what the answer leaves out is gone", Dialect::cleanmail,
             R"({"name":"got.com","description":"old"})", R"({"name":"got.com"})",
             R"({"name":"got.com"})"},
        Case{"a password that is not shown stays", Dialect::cleanmail,
             R"({"email":"a@b","password":"p","firstname":"A"})",
             R"({"email":"a@b","password":null,"firstname":"B"})",
             R"({"email":"a@b","password":"p","firstname":"B"})"},
        Case{"a password that is empty stays", Dialect::cleanmail, R"({"password":"p"})",
             R"({"password":""})", R"({"password":"p"})"},
        Case{"a new password counts", Dialect::cleanmail, R"({"password":"p"})",
             R"({"password":"q"})", R"({"password":"q"})"},
        Case{"what is Postern's own stays", Dialect::cleanmail,
             R"({"name":"got.com","enforcement":"observe","recipientsKnown":true})",
             R"({"name":"got.com"})",
             R"({"name":"got.com","enforcement":"observe","recipientsKnown":true})"},
        Case{"what is Postern's own can be changed", Dialect::cleanmail,
             R"({"enforcement":"observe"})", R"({"enforcement":"enforce"})",
             R"({"enforcement":"enforce"})"},
        Case{"secrets of a platform stay with the platform of that id", Dialect::cleanmail,
             R"({"platforms":[{"id":"a","apiData":{"password":"pa"}},{"id":"b","authData":"x"}]})",
             R"({"platforms":[{"id":"b","authData":null},{"id":"a","apiData":{"password":null}}]})",
             R"({"platforms":[{"id":"b","authData":"x"},{"id":"a","apiData":{"password":"pa"}}]})"},
        Case{"another platform does not inherit them", Dialect::cleanmail,
             R"({"platforms":[{"id":"a","apiData":{"password":"pa"}}]})",
             R"({"platforms":[{"id":"c","apiData":{"password":null}}]})",
             R"({"platforms":[{"id":"c","apiData":{"password":null}}]})"},
        Case{"a key that is not shown stays with its selector", Dialect::cleanmail,
             R"([{"selector":"s","privateKey":"k","state":"active"}])",
             R"([{"selector":"s","publicKey":"p"},{"selector":"t","privateKey":"u"}])",
             R"([{"selector":"s","publicKey":"p","privateKey":"k","state":"active"},
                 {"selector":"t","privateKey":"u"}])"},
        Case{"a rule that is no longer in the list is gone", Dialect::cleanmail,
             R"([{"id":"1","value":"a"},{"id":"2","value":"b"}])", R"([{"id":"2","value":"b"}])",
             R"([{"id":"2","value":"b"}])"},
        Case{
            "change_domain changes what it names", Dialect::opensrs,
            R"({"domain":"d.example","attributes":{"allow":["a"],"spamtag":"[X]"}})",
            R"({"domain":"d.example","attributes":{"allow":["b"],"block":["c"]}})",
            R"({"domain":"d.example","attributes":{"allow":["b"],"spamtag":"[X]","block":["c"]}})"},
        Case{"over attributes that are stored alone", Dialect::opensrs, R"({"spamtag":"[X]"})",
             R"({"domain":"d.example","attributes":{"allow":["b"]}})",
             R"({"domain":"d.example","attributes":{"spamtag":"[X]","allow":["b"]}})"},
        Case{
            "behaviour that the API does not know stays", Dialect::ses,
            R"({"identity":"i","mailFromDomainStatus":"PENDING","behaviorOnMxFailure":"REJECT_MESSAGE"})",
            R"({"identity":"i","mailFromDomainStatus":"SUCCESS"})",
            R"({"identity":"i","mailFromDomainStatus":"SUCCESS","behaviorOnMxFailure":"REJECT_MESSAGE"})"},
        Case{"an identity is what its last answer says", Dialect::fujitsu,
             R"({"VerificationStatus":"Success","VerificationToken":"t"})",
             R"({"VerificationStatus":"Failed"})", R"({"VerificationStatus":"Failed"})"},
        Case{
            "an answer keeps the password and that it is used", Dialect::hitachi,
            R"({"hostname":"a","authenticationEnabled":true,"updatePassword":true,"password":"cA=="})",
            R"({"hostname":"b","authenticationEnabled":false})",
            R"({"hostname":"b","authenticationEnabled":true,"updatePassword":true,"password":"cA=="})"},
        Case{
            "a request that does not update the password keeps the old one", Dialect::hitachi,
            R"({"hostname":"a","authenticationEnabled":true,"updatePassword":true,"password":"b2xk"})",
            R"({"hostname":"b","authenticationEnabled":true,"updatePassword":false,"password":"bmV3"})",
            R"({"hostname":"b","authenticationEnabled":true,"updatePassword":true,"password":"b2xk"})"},
        Case{"a request may switch authentication off", Dialect::hitachi,
             R"({"authenticationEnabled":true,"updatePassword":true,"password":"b2xk"})",
             R"({"authenticationEnabled":"false","updatePassword":false})",
             R"({"authenticationEnabled":"false","updatePassword":true,"password":"b2xk"})"},
        Case{"a request with a new password counts whole", Dialect::hitachi,
             R"({"hostname":"a","updatePassword":true,"password":"b2xk","userId":"old"})",
             R"({"hostname":"b","updatePassword":"true","password":"bmV3"})",
             R"({"hostname":"b","updatePassword":"true","password":"bmV3"})"}),
    [](const auto& one) {
      std::string name = one.param.name;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

}  // namespace
}  // namespace postern::dialects
