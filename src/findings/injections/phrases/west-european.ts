import { NONE, type PhraseLanguage } from "./phrase-language.js";

export const german: PhraseLanguage = {
  ...NONE,
  language: "German",
  override: {
    verbs: `
      ignorier* | missacht* | vergiss | vergesst | vergessen sie | uberschreib* |
      ueberschreib* | beachte nicht | beachten sie nicht | befolge nicht |
      befolgen sie nicht | nicht mehr befolgen | verwirf | umgehe | setze dich uber
    `,
    back: `
      vorherig* | bisherig* | vorangegangen* | vorangehend* | vorausgehend* | fruher* |
      frueher* | obig* | obenstehend* | oben | ursprunglich* | ursprünglich* | deine |
      ihre | zuvor
    `,
    all: `alle | aller | allen | jede | jegliche* | samtliche* | sämtliche*`,
    nouns: `
      anweisung* | instruktion* | vorgabe* | regeln | befehl* | richtlinie* | prompt |
      systemprompt | vorschrift* | was dir gesagt wurde
    `,
  },
  certain: `
    vergiss alles was oben | ignoriere alles was oben | ignoriere alles obige |
    vergiss alles was du | vergiss alles bisherige | vergiss alles vorherige
  `,
  suspect: `neue anweisung* | neue instruktion* | deine neue aufgabe`,
  reveal: {
    verbs: `zeig* | verrat* | nenn* | wiederhol* | gib | geben sie | schreib* | offenbar*`,
    secrets: `
      systemprompt* | system prompt | systemnachricht | deine anweisungen |
      ihre anweisungen | geheimen anweisungen | api schlussel
    `,
  },
  secrecy: {
    verbs: `
      sag dem | sage dem | sagen sie dem | erwahne gegenuber dem | verrate dem |
      informiere den | ohne dem | ohne den
    `,
    audience: `
      nutzer nicht* | benutzer nicht* | nutzer davon | benutzer davon |
      nutzer zu informieren
    `,
  },
  persona: {
    verbs: `du bist jetzt | du bist nun | sie sind jetzt | ab jetzt bist du | von nun an bist du`,
    personas: `assistent* | ki | modell | uneingeschrankt* | bot | dan | ohne regeln`,
  },
  address: {
    calls: `hinweis an | nachricht an | achtung | anweisung an | an die | an das`,
    models: `ki | ki modell* | sprachmodell* | llm | den assistenten | ki assistent*`,
  },
  force: {
    verbs: `antwort* | klassifizier* | bewert* | stuf*`,
    regardless: `unabhangig vom | unabhangig von | egal was | ungeachtet`,
  },
};

export const french: PhraseLanguage = {
  ...NONE,
  language: "French",
  override: {
    verbs: `
      ignore | ignorez | ignorer | oublie | oubliez | oublier | ne tiens pas compte |
      ne tenez pas compte | ne tiens plus compte | fais abstraction | faites abstraction |
      neglige* | annule* | contourne* | ne suis pas | ne suivez pas | ne suivez plus
    `,
    back: `
      precedent* | anterieur* | ci dessus | plus haut | au dessus | initial* | d origine |
      tes | vos | recues
    `,
    all: `toutes | tous | tout | chaque`,
    nouns: `instruction* | consigne* | directive* | regles | ordres | prompt* | invite systeme`,
  },
  certain: `
    oublie tout ce qui precede | oubliez tout ce qui precede | ignore tout ce qui precede |
    ignorez tout ce qui precede
  `,
  suspect: `nouvelles instructions | nouvelle consigne | nouvelles consignes | ta nouvelle tache`,
  reveal: {
    verbs: `revele* | montre* | affiche* | repete* | donne* | imprime* | divulgue*`,
    secrets: `
      prompt systeme | prompt du systeme | invite systeme | message systeme |
      tes instructions | vos instructions | instructions cachees | cle api
    `,
  },
  secrecy: {
    verbs: `
      ne dis pas | ne dites pas | ne le dis pas | ne le dites pas | ne dis rien |
      ne dites rien | ne mentionne* pas | sans le dire | sans en informer | sans prevenir |
      n informe* pas
    `,
    audience: `l utilisateur | a l utilisateur | utilisateurs`,
  },
  persona: {
    verbs: `
      tu es maintenant | vous etes maintenant | tu es desormais | vous etes desormais |
      a partir de maintenant tu | a partir de maintenant vous
    `,
    personas: `assistant* | ia | modele | sans restriction* | sans limite* | dan | robot | pirate`,
  },
};

export const spanish: PhraseLanguage = {
  ...NONE,
  language: "Spanish",
  override: {
    verbs: `
      ignora | ignore | ignorad | ignorar | olvida | olvide | olvidate | olvidar | omite |
      omita | descarta | descarte | no sigas | no siga | no hagas caso | haz caso omiso |
      haga caso omiso | pasa por alto | anula | desobedece
    `,
    back: `
      anterior* | previas | previos | previa | precedente* | de arriba | arriba |
      iniciales | originales | tus | sus | que te dieron | recibidas
    `,
    all: `todas | todos | todo | cualquier`,
    nouns: `
      instruccion* | indicacion* | ordenes | orden | reglas | directrices | directivas |
      prompt* | mensajes
    `,
  },
  certain: `
    olvida todo lo anterior | olvide todo lo anterior | ignora todo lo anterior |
    ignore todo lo anterior
  `,
  suspect: `nuevas instrucciones | nueva instruccion | tu nueva tarea`,
  reveal: {
    verbs: `
      revela* | muestra* | muestre* | repite | repita | imprime | imprima | dime | escribe |
      ensena* | divulga*
    `,
    secrets: `
      prompt del sistema | prompt de sistema | mensaje del sistema | tus instrucciones |
      sus instrucciones | instrucciones ocultas | instrucciones iniciales | clave api
    `,
  },
  secrecy: {
    verbs: `
      no le digas | no le diga | no se lo digas | no digas | no menciones | no informes |
      sin decirle | sin decir | sin avisar | sin informar
    `,
    audience: `al usuario | usuario | usuarios`,
  },
  persona: {
    verbs: `
      ahora eres | eres ahora | usted es ahora | a partir de ahora eres | desde ahora eres |
      finge ser | finge que eres | actua como
    `,
    personas: `asistente | ia | modelo | sin restriccion* | sin limite* | dan | un bot`,
  },
};

export const italian: PhraseLanguage = {
  ...NONE,
  language: "Italian",
  override: {
    verbs: `
      ignora | ignori | ignorate | ignorare | dimentica | dimentichi | dimenticate |
      trascura | non seguire | non considerare | non tenere conto | scarta | annulla |
      tralascia
    `,
    back: `
      precedent* | anterior* | di cui sopra | sopra | prima | iniziali | originali | tue |
      ricevute | che hai ricevuto
    `,
    all: `tutte | tutti | tutto | ogni`,
    nouns: `istruzion* | indicazion* | regole | direttive | ordini | prompt | comandi`,
  },
  certain: `
    dimentica tutto quanto sopra | ignora tutto quanto sopra |
    dimentica tutto cio che precede | ignora tutto cio che precede |
    dimentica tutto quello che
  `,
  suspect: `nuove istruzioni | nuova istruzione | il tuo nuovo compito`,
  reveal: {
    verbs: `rivela* | mostra* | ripeti | ripeta | stampa* | dimmi | scrivi | divulga*`,
    secrets: `
      prompt di sistema | prompt del sistema | messaggio di sistema | tue istruzioni |
      istruzioni nascoste | istruzioni iniziali | chiave api
    `,
  },
  secrecy: {
    verbs: `
      non dire | non dirlo | non dica | non menzionare | non informare | non rivelare |
      senza dirlo | senza informare | senza avvisare
    `,
    audience: `all utente | utente | utenti`,
  },
  persona: {
    verbs: `
      ora sei | adesso sei | da ora in poi sei | d ora in poi sei | fingi di essere |
      fai finta di essere
    `,
    personas: `assistente | ia | modello | senza restrizion* | senza limit* | dan | un bot`,
  },
};

export const portuguese: PhraseLanguage = {
  ...NONE,
  language: "Portuguese",
  override: {
    verbs: `
      ignore | ignora | ignorem | ignorar | esqueca | esquece | esquecer | desconsidere |
      desconsidera | desconsiderar | nao siga | nao sigas | descarte | despreze | anule |
      desobedeca
    `,
    back: `
      anterior* | previas | previos | precedente* | acima | iniciais | originais | suas |
      tuas | que recebeu
    `,
    all: `todas | todos | tudo | qualquer`,
    nouns: `
      instruco* | instrucao | orientaco* | ordens | regras | diretrizes | comandos |
      prompt*
    `,
  },
  certain: `
    esqueca tudo acima | ignore tudo acima | ignore tudo o que esta acima |
    esqueca tudo o que | esqueca tudo que
  `,
  suspect: `novas instrucoes | nova instrucao | sua nova tarefa`,
  reveal: {
    verbs: `
      revele | revela | mostre | mostra | repita | repete | imprima | diga | escreva |
      exiba | divulgue
    `,
    secrets: `
      prompt do sistema | prompt de sistema | mensagem do sistema | suas instrucoes |
      instrucoes ocultas | instrucoes iniciais | chave de api
    `,
  },
  secrecy: {
    verbs: `
      nao diga | nao digas | nao conte | nao mencione | nao informe | nao revele |
      sem dizer | sem avisar | sem informar
    `,
    audience: `ao usuario | ao utilizador | usuario | utilizador`,
  },
  persona: {
    verbs: `
      voce agora e | agora voce e | a partir de agora voce | tu agora es | finja ser |
      finja que e
    `,
    personas: `assistente | ia | modelo | sem restrico* | sem limite* | dan | um bot`,
  },
};

export const dutch: PhraseLanguage = {
  ...NONE,
  language: "Dutch",
  override: {
    verbs: `
      negeer | negeren | vergeet | vergeten | sla | verwaarloos | volg niet |
      volg niet langer | laat buiten beschouwing | overschrijf | omzeil
    `,
    back: `
      vorige | voorgaande | eerdere | bovenstaande | hierboven | oorspronkelijke |
      voorafgaande | je | jouw | uw
    `,
    all: `alle | al | elke | alles`,
    nouns: `
      instructie* | aanwijzing* | opdracht* | regels | richtlijn* | bevelen | prompt* |
      systeemprompt
    `,
  },
  certain: `
    vergeet alles hierboven | negeer alles hierboven | vergeet alles wat hierboven |
    negeer alles wat hierboven
  `,
  suspect: `nieuwe instructies | nieuwe opdracht | je nieuwe taak`,
  reveal: {
    verbs: `toon | onthul | herhaal | geef | schrijf | laat | print`,
    secrets: `
      systeemprompt | systeem prompt | systeembericht | je instructies | uw instructies |
      verborgen instructies | api sleutel
    `,
  },
  secrecy: {
    verbs: `
      vertel niet | vertel het niet | zeg niet | zeg het niet | vermeld niet | zonder het |
      zonder dit | informeer niet
    `,
    audience: `de gebruiker | aan de gebruiker | gebruikers`,
  },
  persona: {
    verbs: `je bent nu | jij bent nu | u bent nu | vanaf nu ben je | doe alsof je`,
    personas: `assistent | ai | model | zonder beperkingen | dan | een bot`,
  },
};
