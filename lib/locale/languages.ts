/** Languages and the regions for which the field's locales know them (CLDR; musl takes any). */
const TABLE =
  `af NA ZA|am ET|ar AE BH DZ EG IQ JO KW LB LY MA OM QA SA SD SY TN YE|az AZ|be BY|bg BG|bn BD IN
ca ES AD FR IT|cs CZ|cy GB|da DK GL|de DE AT BE CH IT LI LU|el GR CY
en US AU BW CA DK GB HK IE IL IN KE NG NZ PH SG ZA ZM ZW
es ES AR BO CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE|et EE|eu ES|fa IR|fi FI|fr FR BE CA CH LU
ga IE|gl ES|gu IN|he IL|hi IN|hr HR BA|hu HU|hy AM|id ID|is IS|it IT CH|ja JP|ka GE|kk KZ|km KH|kn IN|ko KR|ky KG
lo LA|lt LT|lv LV|mk MK|ml IN|mn MN|mr IN|ms MY|my MM|nb NO|ne NP|nl NL AW BE|nn NO|pa IN PK|pl PL|pt PT BR
ro RO MD|ru RU UA|si LK|sk SK|sl SI|sq AL|sr RS BA ME|sv SE AX FI|sw KE TZ|ta IN LK|te IN|th TH|tr TR CY|uk UA
ur IN PK|uz UZ|vi VN|zh CN HK SG TW`;

/** Names such as `de_AT`; of each language its best known one first. */
export function languageNames(): string[] {
  return TABLE.split(/[|\n]/).flatMap((row) => {
    const [language, ...regions] = row.split(" ");
    return regions.map((region) => `${language}_${region}`);
  });
}

/** A language as people call it, such as "German (Austria)". @param name such as `de_AT` */
export function spokenLanguage(name: string): string {
  const names = new Intl.DisplayNames("en", { type: "language", languageDisplay: "standard" });
  return names.of(name.replace("_", "-")) ?? name;
}

/** The region that two letters name, if any does, such as "Austria". @param code such as `at` */
export function regionName(code: string): string | undefined {
  if (!/^[a-z]{2}$/i.test(code)) return undefined;
  return new Intl.DisplayNames("en", { type: "region", fallback: "none" }).of(code.toUpperCase());
}
